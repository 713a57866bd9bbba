"""The two ways to make a synthetic set: every distortion of every source, or random ones with pseudo-MOS."""

import hashlib
import importlib.metadata
import json
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acutance.catalog import load
from acutance.errors import ConfigError, UnknownNameError
from acutance.images.read import reading_settings
from acutance.scoring.provenance import PACKAGES
from acutance.synthesis.folder import OutputFolder, RowsFile, write_tables
from acutance.synthesis.maker import (
    ENDINGS,
    ItemTask,
    ReferenceTask,
    Settings,
    is_whole,
    make_items,
    reference_path,
    write_references,
)
from acutance.synthesis.plan import (
    DEFAULT_METRICS,
    Choices,
    LadderPlan,
    Plan,
    RandomPlan,
    Source,
    chosen_kinds,
    chosen_levels,
    chosen_metrics,
    demand_numbers,
    demand_outside,
    demand_unchanged,
    find_sources,
    items_from,
    plan_checksum,
)
from acutance.synthesis.workers import Workers, usable_cores
from acutance.types import OnProgress, ScoreInfo

ITEMS_AT_ONCE = 8
REFERENCES_AT_ONCE = 4
"""What a worker takes at once: about a second of work."""


@dataclass(frozen=True)
class Failure:
    """Pictures of one source that could not be made, for one reason."""

    source: Path
    """The source."""
    error: str
    """What went wrong, in one line."""
    count: int
    """How many pictures are missing for it."""


@dataclass(frozen=True)
class MadeSet:
    """What a run left."""

    table: Path
    """The table of the pictures."""
    count: int
    """How many pictures it has."""
    failures: tuple[Failure, ...]
    """What is missing, in the order of the plan."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be made, checked before."""

    folder: OutputFolder
    sources: list[Source]
    plan: Plan
    settings: Settings
    infos: dict[str, ScoreInfo]
    """What the scores of each metric mean, in the order of their columns."""
    described: Mapping[str, Any]
    """What was chosen, for the provenance: plain JSON values."""
    workers: int
    """How many processes work."""

    def run(
        self, *, resume: bool, on_references: OnProgress | None = None, on_progress: OnProgress | None = None
    ) -> MadeSet:
        """Make everything that is not made yet, then the tables.

        Args:
            resume: Whether to go on with what an earlier run left; without it, that is thrown away.
            on_references: Called with pristine pictures written and to write.
            on_progress: Called with pictures made and to make.

        Raises:
            ConfigError: The earlier run was another one, or files cannot be written.
        """
        demand_outside(self.sources, self.folder.root)
        rows = self._begin(resume=resume)
        shown = self._sources_shown(rows)
        if rows.count < len(self.plan) or not all(self._has_reference(self.sources[place]) for place in shown):
            with rows, Workers(self.workers, self.settings) as workers:
                errors = self._write_references(workers, on_references)
                self._demand_references(shown, errors)
                self._make_items(workers, rows, errors, on_progress)
        return self._finish(rows)

    def _begin(self, *, resume: bool) -> RowsFile:
        """The rows that are there already, once it is sure that they are of this job."""
        described = self._description()
        rows = RowsFile(self.folder.rows, ("image", *self.infos, "error"))
        began = self.folder.began() if resume else None
        if began is None:
            self.folder.clear(self.sources)
            self.folder.begin(described, self.sources)
            return rows
        self.folder.demand_same(described)
        demand_unchanged([self.sources[place] for place in self.plan.sources_used()], began)
        self.folder.prepare(self.sources)
        self.folder.remove_unfinished()
        rows.restore(self.plan, self.folder.images)
        return rows

    def _sources_shown(self, rows: RowsFile) -> set[int]:
        """Places of the sources that have pictures already."""
        if not rows.count:
            return set()
        made = zip(items_from(self.plan, 0), rows.rows(), strict=False)
        return {item.source for item, row in made if row["error"] is None}

    def _has_reference(self, source: Source) -> bool:
        return is_whole(reference_path(self.folder.references, source.name))

    def _demand_references(self, shown: Set[int], errors: Mapping[str, str]) -> None:
        """Raise ``ConfigError`` if a source has pictures, but its reference is gone and cannot be written again."""
        for source in (self.sources[place] for place in sorted(shown)):
            if source.name in errors:
                raise ConfigError(
                    f"Expected to write the reference of {source.path} again, got: {errors[source.name]} "
                    "Bring the source back, or start anew with --overwrite."
                )

    def _write_references(self, workers: Workers, on_progress: OnProgress | None) -> dict[str, str]:
        """What is wrong with each source that is unreadable, by its name."""
        used = [self.sources[place] for place in self.plan.sources_used()]
        left = [source for source in used if not self._has_reference(source)]
        tasks = [ReferenceTask(source.path, source.name) for source in left]
        done = len(used) - len(left)
        found: list[str | None] = []
        for errors in workers.run(write_references, tasks, REFERENCES_AT_ONCE):
            found += errors
            if on_progress is not None:
                on_progress(done + len(found), len(used))
        return {source.name: error for source, error in zip(left, found, strict=True) if error is not None}

    def _make_items(
        self, workers: Workers, rows: RowsFile, errors: Mapping[str, str], on_progress: OnProgress | None
    ) -> None:
        names = [source.name for source in self.sources]
        tasks: Iterator[ItemTask] = (
            ItemTask(item, names[item.source], errors.get(names[item.source]))
            for item in items_from(self.plan, rows.count)
        )
        if on_progress is not None:
            on_progress(rows.count, len(self.plan))
        for made in workers.run(make_items, tasks, ITEMS_AT_ONCE):
            rows.add(made)
            if on_progress is not None:
                on_progress(rows.count, len(self.plan))

    def _finish(self, rows: RowsFile) -> MadeSet:
        failed: Counter[tuple[int, str]] = Counter()
        for item, row in zip(items_from(self.plan, 0), rows.rows(), strict=True):
            if row["error"] is not None:
                failed[item.source, str(row["error"])] += 1
        names = [source.name for source in self.sources]
        made = zip(items_from(self.plan, 0), rows.rows(), strict=True)
        count = write_tables(self.folder, made, names, self.infos)
        failures = (Failure(self.sources[place].path, error, number) for (place, error), number in failed.items())
        return MadeSet(self.folder.table, count, tuple(failures))

    def _description(self) -> dict[str, Any]:
        """All that the pictures and scores depend on, as plain JSON values."""
        paths = [[source.name, str(source.path.absolute())] for source in self.sources]
        described = {
            **self.described,
            "reading": {**reading_settings("white"), "depth": "8 bits, rounded to the nearest"},
            "versions": {name: importlib.metadata.version(name) for name in (*PACKAGES, "scipy")},
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "sources": {"count": len(paths), "sha256": hashlib.sha256(json.dumps(paths).encode()).hexdigest()},
            "pictures": {"count": len(self.plan), "sha256": plan_checksum(self.plan)},
        }
        plain: dict[str, Any] = json.loads(json.dumps(described))
        return plain


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
