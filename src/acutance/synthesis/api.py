"""The two ways to make a synthetic set: every distortion of every source, or random ones with pseudo-MOS."""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acutance.catalog import load
from acutance.errors import ConfigError, UnknownNameError
from acutance.extras import installed_versions
from acutance.images.read import reading_settings
from acutance.scoring.provenance import PACKAGES
from acutance.synthesis.folder import OutputFolder, kept_rows, new_rows, write_tables
from acutance.synthesis.maker import ENDINGS, ItemTask, Maker, Settings, is_whole, reference_path
from acutance.synthesis.plan import (
    DEFAULT_METRICS,
    Choices,
    LadderPlan,
    Plan,
    RandomPlan,
    Source,
    check_numbers,
    check_outside,
    check_unchanged,
    chosen_kinds,
    chosen_levels,
    chosen_metrics,
    find_sources,
    items_from,
    plan_checksum,
)
from acutance.synthesis.workers import Workers, usable_cores
from acutance.tables.append import ResumableFile
from acutance.types import OnProgress, ScoreInfo

RULE = "mean over the metrics of the mid-rank share of the score, turned so that higher is better"
"""How a pseudo-MOS is made; see ``pseudo_mos``."""
ITEMS_AT_ONCE = 8
REFERENCES_AT_ONCE = 4
"""What a worker takes at once: about a second of work."""


@dataclass(frozen=True)
class Failure:
    """Images of one source that could not be made, for one reason."""

    source: Path
    error: str
    """What went wrong, in one line."""
    count: int
    """How many images are missing for it."""


@dataclass(frozen=True)
class SyntheticSet:
    """What a run left."""

    table: Path
    """The table of the images."""
    count: int
    """How many images it has."""
    failures: tuple[Failure, ...]
    """What is missing, in the order of the plan."""


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
) -> SyntheticSet:
    """Every distortion at every level of every source, as files and a table without opinions.

    ``mixtures`` random mixtures of the kinds are made of each source too. The ``ending`` of the images is ``.png``,
    ``.bmp`` or ``.tiff``. What is returned, and everything else, is as ``synthesize`` has it.

    Raises:
        ConfigError: A choice out of range, a folder that may not be written to, or no room there.
        UnknownNameError: A distortion or an ending that nobody knows.
        InputError: No sources.
    """
    check_numbers(0, seed=seed, mixtures=mixtures)
    if ending not in ENDINGS:
        raise UnknownNameError("file ending", ending, ENDINGS)
    folder, found, choices = _begun(sources, output, kinds, levels, seed, ending, resume=resume, overwrite=overwrite)
    run = _Run(
        folder=folder,
        sources=found,
        plan=LadderPlan(choices, mixtures),
        settings=Settings(images=folder.images, references=folder.references, seed=seed),
        infos={},
        described={"made_as": "distort", **_described(choices), "mixtures": mixtures},
    )
    return _make(run, workers, resume=resume, on_references=on_references, on_progress=on_progress)


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
) -> SyntheticSet:
    """Random distortions of random sources, each scored beside its source, as files and a table with pseudo-MOS.

    Args:
        sources: Pristine images and folders of them.
        output: Folder to write.
        count: How many images, 1 or more; ``None`` makes every kind at every level of each source, once.
        metrics: Names of classic metrics whose scores make the pseudo-MOS.
        kinds: Names of distortions; ``None`` is all 25.
        levels: 1 to 5; ``None`` is all.
        mixture_share: Part of the images that get a mixture, 0 to 1.
        size: Sides in pixels of a random part of larger sources, one a source; ``None`` takes them whole.
        seed: What everything random is drawn from, 0 or more.
        workers: How many processes work; ``None`` is one a core.
        resume: Go on with what a run left that was ended.
        overwrite: Throw away what an earlier run made there.
        on_references: Called with pristine images written and to write.
        on_progress: Called with images made and to make.

    Returns:
        Where the table is, how many images it has, and what is missing.

    Raises:
        ConfigError: A choice out of range, a model that is no classic metric, a folder that may not be written to,
            or no room there.
        UnknownNameError: A distortion or a model that nobody knows.
        InputError: No sources.
    """
    check_numbers(0, seed=seed)
    check_numbers(1, count=count, size=size)
    entries = chosen_metrics(metrics)
    folder, found, choices = _begun(sources, output, kinds, levels, seed, ".png", resume=resume, overwrite=overwrite)
    if count is None and mixture_share:
        raise ConfigError(
            f"Expected no mixtures where every kind and level is made once, got a share of {mixture_share}. Give a "
            "number of images, or leave mixtures out."
        )
    run = _Run(
        folder=folder,
        sources=found,
        plan=LadderPlan(choices) if count is None else RandomPlan(choices, count, mixture_share),
        settings=Settings(
            images=folder.images, references=folder.references, metrics=tuple(metrics), size=size, seed=seed
        ),
        infos={entry.name: entry.info for entry in entries},
        described={
            "made_as": "synthesize",
            **_described(choices),
            "mixture_share": mixture_share,
            "size": size,
            "metrics": _metrics_described(metrics, size),
            "rule": RULE,
        },
    )
    return _make(run, workers, resume=resume, on_references=on_references, on_progress=on_progress)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What is to be made, checked before."""

    folder: OutputFolder
    sources: Sequence[Source]
    plan: Plan
    settings: Settings
    infos: Mapping[str, ScoreInfo]
    """What the scores of each metric mean, in the order of their columns."""
    described: Mapping[str, Any]
    """What was chosen, for the provenance: plain JSON values."""

    @property
    def columns(self) -> tuple[str, ...]:
        return ("image", *self.infos, "error")

    def has_reference(self, source: Source) -> bool:
        return is_whole(reference_path(self.folder.references, source.name))


def _begun(
    sources: Sequence[str | Path],
    output: str | Path,
    kinds: Iterable[str] | None,
    levels: Iterable[int] | None,
    seed: int,
    ending: str,
    *,
    resume: bool,
    overwrite: bool,
) -> tuple[OutputFolder, list[Source], Choices]:
    folder = OutputFolder(Path(output))
    folder.check_writable(resume=resume, overwrite=overwrite)
    found = find_sources(sources, folder.root)
    names = [source.name for source in found]
    choices = Choices(names=names, kinds=chosen_kinds(kinds), levels=chosen_levels(levels), seed=seed, ending=ending)
    return folder, found, choices


def _described(choices: Choices) -> dict[str, Any]:
    return {"seed": choices.seed, "kinds": choices.kinds, "levels": choices.levels, "ending": choices.ending}


def _metrics_described(names: Sequence[str], size: int | None) -> list[dict[str, Any]]:
    """What the metrics are; raises ``ConfigError`` if they cannot compare images of that size."""
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


def _make(
    run: _Run,
    count: int | None,
    *,
    resume: bool,
    on_references: OnProgress | None,
    on_progress: OnProgress | None,
) -> SyntheticSet:
    """Make everything that is not made yet by so many workers, then the tables.

    Raises:
        ConfigError: The earlier run was another one, or files cannot be written.
    """
    check_numbers(1, workers=count)
    check_outside(run.sources, run.folder.root)
    rows = _rows(run, resume=resume)
    shown: set[int] = set()  # sources that have images already
    if rows.count:
        made = zip(items_from(run.plan, 0), rows.rows(), strict=False)
        shown = {item.source for item, row in made if row["error"] is None}
    if rows.count < len(run.plan) or not all(run.has_reference(run.sources[index]) for index in shown):
        with rows, Workers(usable_cores() if count is None else count, run.settings) as workers:
            errors = _write_references(run, workers, on_references)
            for source in (run.sources[index] for index in sorted(shown)):
                if source.name in errors:
                    raise ConfigError(
                        f"Expected to write the reference of {source.path} again, got: {errors[source.name]} "
                        "Bring the source back, or start anew with --overwrite."
                    )
            _make_items(run, workers, rows, errors, on_progress)
    return _finish(run, rows)


def _rows(run: _Run, *, resume: bool) -> ResumableFile:
    """The rows that are there already, once it is sure that they are of this run."""
    folder, described = run.folder, _provenance(run)
    began = folder.began() if resume else None
    if began is None:
        folder.clear(run.sources)
        folder.begin(described, run.sources)
        return new_rows(folder.rows, run.columns)
    folder.check_same(described)
    check_unchanged([run.sources[index] for index in run.plan.sources_used()], began)
    folder.prepare(run.sources)
    folder.remove_unfinished()
    return kept_rows(folder.rows, run.columns, run.plan, folder.images)


def _write_references(run: _Run, workers: Workers, on_progress: OnProgress | None) -> dict[str, str]:
    """What is wrong with each source that is unreadable, by its name."""
    used = [run.sources[index] for index in run.plan.sources_used()]
    left = [source for source in used if not run.has_reference(source)]
    found: list[str | None] = []
    for errors in workers.run(Maker.write_reference, left, REFERENCES_AT_ONCE):
        found += errors
        if on_progress is not None:
            on_progress(len(used) - len(left) + len(found), len(used))
    return {source.name: error for source, error in zip(left, found, strict=True) if error is not None}


def _make_items(
    run: _Run, workers: Workers, rows: ResumableFile, errors: Mapping[str, str], on_progress: OnProgress | None
) -> None:
    names = [source.name for source in run.sources]
    tasks = (
        ItemTask(item, names[item.source], errors.get(names[item.source])) for item in items_from(run.plan, rows.count)
    )
    if on_progress is not None:
        on_progress(rows.count, len(run.plan))
    for made in workers.run(Maker.make, tasks, ITEMS_AT_ONCE):
        rows.add(made)
        if on_progress is not None:
            on_progress(rows.count, len(run.plan))


def _finish(run: _Run, rows: ResumableFile) -> SyntheticSet:
    failed: Counter[tuple[int, str]] = Counter()
    for item, row in zip(items_from(run.plan, 0), rows.rows(), strict=True):
        if row["error"] is not None:
            failed[item.source, str(row["error"])] += 1
    made = zip(items_from(run.plan, 0), rows.rows(), strict=True)
    count = write_tables(run.folder, made, [source.name for source in run.sources], run.infos)
    failures = (Failure(run.sources[index].path, error, number) for (index, error), number in failed.items())
    return SyntheticSet(run.folder.table, count, tuple(failures))


def _provenance(run: _Run) -> dict[str, Any]:
    """All that the images and scores depend on, as plain JSON values."""
    paths = [[source.name, str(source.path.absolute())] for source in run.sources]
    described = {
        **run.described,
        "reading": {**reading_settings("white"), "depth": "8 bits, rounded to the nearest"},
        "versions": installed_versions((*PACKAGES, "scipy")),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "sources": {"count": len(paths), "sha256": hashlib.sha256(json.dumps(paths).encode()).hexdigest()},
        "pictures": {"count": len(run.plan), "sha256": plan_checksum(run.plan)},
    }
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain
