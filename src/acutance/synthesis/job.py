"""A set of pictures made from sources: begun or continued, made in parallel, put into tables."""

import hashlib
import importlib.metadata
import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acutance.errors import ConfigError
from acutance.images.read import reading_settings
from acutance.scoring.provenance import PACKAGES
from acutance.synthesis.folder import OutputFolder
from acutance.synthesis.maker import ItemTask, ReferenceTask, Settings, make_items, reference_path, write_references
from acutance.synthesis.picture_files import is_whole
from acutance.synthesis.plan import Plan, items_from, plan_checksum
from acutance.synthesis.rows_file import RowsFile
from acutance.synthesis.sources import Source, demand_outside, demand_unchanged
from acutance.synthesis.tables import write_tables
from acutance.synthesis.workers import Workers
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
