"""The two ways to make a set of pictures: every distortion of every source, or random ones with pseudo-MOS."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acutance.catalog import load
from acutance.errors import ConfigError, UnknownNameError
from acutance.synthesis.choices import DEFAULT_METRICS, chosen_kinds, chosen_levels, chosen_metrics, demand_numbers
from acutance.synthesis.folder import OutputFolder
from acutance.synthesis.job import Job, MadeSet
from acutance.synthesis.maker import Settings
from acutance.synthesis.picture_files import ENDINGS
from acutance.synthesis.plan import Choices, LadderPlan, Plan, RandomPlan
from acutance.synthesis.sources import Source, find_sources
from acutance.synthesis.workers import usable_cores
from acutance.types import OnProgress, ScoreInfo

RULE = "mean over the metrics of the mid-rank share of the score, turned so that higher is better"
"""How a pseudo-MOS is made; see ``pseudo_mos``."""


def distort_pictures(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    kinds: Iterable[str] | None = None,
    levels: Iterable[int] | None = None,
    mixtures: int = 0,
    seed: int = 0,
    ending: str = ".png",
    workers: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_references: OnProgress | None = None,
    on_progress: OnProgress | None = None,
) -> MadeSet:
    """Every distortion at every level of every source, as files and a table without opinions.

    Args:
        sources: Pictures and folders of them.
        output: Folder to write.
        kinds: Names of distortions; ``None`` is all 25.
        levels: 1 to 5; ``None`` is all.
        mixtures: How many random mixtures of the kinds are made of each source too.
        seed: What everything random is drawn from, 0 or more.
        ending: ``.png``, ``.bmp`` or ``.tiff``.
        workers: How many processes work; ``None`` is one a core.
        resume: Go on with what a run left that was ended.
        overwrite: Throw away what an earlier run made there.
        on_references: Called with pristine pictures written and to write.
        on_progress: Called with pictures made and to make.

    Returns:
        Where the table is, how many pictures it has, and what is missing.

    Raises:
        ConfigError: A choice out of range, a folder that may not be written to, or no room there.
        UnknownNameError: A distortion or an ending that nobody knows.
        InputError: No sources.
    """
    demand_numbers(0, seed=seed, mixtures=mixtures)
    if ending not in ENDINGS:
        raise UnknownNameError("file ending", ending, ENDINGS)
    folder = _folder(output, resume=resume, overwrite=overwrite)
    found = find_sources(sources, folder.root)
    choices = _choices(found, kinds, levels, seed, ending)
    described = {"made_as": "distort", **_described(choices), "mixtures": mixtures}
    settings = Settings(images=folder.images, references=folder.references, seed=seed)
    job = _job(folder, found, LadderPlan(choices, mixtures), settings, described, {}, workers)
    return job.run(resume=resume, on_references=on_references, on_progress=on_progress)


def synthesize(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    count: int | None,
    metrics: Sequence[str] = DEFAULT_METRICS,
    kinds: Iterable[str] | None = None,
    levels: Iterable[int] | None = None,
    mixture_share: float = 0.0,
    size: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_references: OnProgress | None = None,
    on_progress: OnProgress | None = None,
) -> MadeSet:
    """Random distortions of random sources, each scored beside its source, as files and a table with pseudo-MOS.

    Args:
        sources: Pristine pictures and folders of them.
        output: Folder to write.
        count: How many pictures, 1 or more; ``None`` makes every kind at every level of each source, once.
        metrics: Names of classic metrics whose scores make the pseudo-MOS.
        kinds: Names of distortions; ``None`` is all 25.
        levels: 1 to 5; ``None`` is all.
        mixture_share: Part of the pictures that get a mixture, 0 to 1.
        size: Sides in pixels of a random part of larger sources, one a source; ``None`` takes them whole.
        seed: What everything random is drawn from, 0 or more.
        workers: How many processes work; ``None`` is one a core.
        resume: Go on with what a run left that was ended.
        overwrite: Throw away what an earlier run made there.
        on_references: Called with pristine pictures written and to write.
        on_progress: Called with pictures made and to make.

    Returns:
        Where the table is, how many pictures it has, and what is missing.

    Raises:
        ConfigError: A choice out of range, a model that is no classic metric, a folder that may not be written to,
            or no room there.
        UnknownNameError: A distortion or a model that nobody knows.
        InputError: No sources.
    """
    demand_numbers(0, seed=seed)
    demand_numbers(1, count=count, size=size)
    entries = chosen_metrics(metrics)
    folder = _folder(output, resume=resume, overwrite=overwrite)
    found = find_sources(sources, folder.root)
    choices = _choices(found, kinds, levels, seed, ".png")
    if count is None and mixture_share:
        raise ConfigError(
            f"Expected no mixtures where every kind and level is made once, got a share of {mixture_share}. Give a "
            "number of pictures, or leave mixtures out."
        )
    plan = LadderPlan(choices) if count is None else RandomPlan(choices, count, mixture_share)
    described = {
        "made_as": "synthesize",
        **_described(choices),
        "mixture_share": mixture_share,
        "size": size,
        "metrics": _metrics_described(metrics, size),
        "rule": RULE,
    }
    settings = Settings(
        images=folder.images, references=folder.references, metrics=tuple(metrics), size=size, seed=seed
    )
    infos = {entry.name: entry.info for entry in entries}
    job = _job(folder, found, plan, settings, described, infos, workers)
    return job.run(resume=resume, on_references=on_references, on_progress=on_progress)


def _folder(output: str | Path, *, resume: bool, overwrite: bool) -> OutputFolder:
    folder = OutputFolder(Path(output))
    folder.demand_place(resume=resume, overwrite=overwrite)
    return folder


def _choices(
    sources: Sequence[Source], kinds: Iterable[str] | None, levels: Iterable[int] | None, seed: int, ending: str
) -> Choices:
    return Choices(
        names=[source.name for source in sources],
        kinds=chosen_kinds(kinds),
        levels=chosen_levels(levels),
        seed=seed,
        ending=ending,
    )


def _described(choices: Choices) -> dict[str, Any]:
    return {"seed": choices.seed, "kinds": choices.kinds, "levels": choices.levels, "ending": choices.ending}


def _metrics_described(names: Sequence[str], size: int | None) -> list[dict[str, Any]]:
    """What the metrics are; raises ``ConfigError`` if they cannot compare pictures of that size."""
    described = []
    for name in names:
        metric = load(name)
        if size is not None and size < metric.smallest_side:
            raise ConfigError(
                f"Expected a size of {metric.smallest_side} or more for {name}, got {size}. "
                "Choose a larger size, or other metrics."
            )
        if metric.provenance is not None:
            described.append(asdict(metric.provenance))
    return described


def _job(
    folder: OutputFolder,
    sources: list[Source],
    plan: Plan,
    settings: Settings,
    described: dict[str, Any],
    infos: dict[str, ScoreInfo],
    workers: int | None,
) -> Job:
    demand_numbers(1, workers=workers)
    return Job(
        folder=folder,
        sources=sources,
        plan=plan,
        settings=settings,
        infos=infos,
        described=described,
        workers=usable_cores() if workers is None else workers,
    )
