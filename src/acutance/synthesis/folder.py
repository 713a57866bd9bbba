"""The folder that a run writes: what lies where, and whether it may be begun, continued or replaced."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acutance.datasets.text_files import write_whole
from acutance.errors import ConfigError
from acutance.scoring.lines import csv_line
from acutance.synthesis.picture_files import TEMPORARY, cannot_write
from acutance.synthesis.sources import Source

MAKER = "acutance"
"""Stands in the provenance of folders that may be continued and replaced."""


class OutputFolder:
    """Where the files of a run lie.

    Args:
        root: The folder.

    Attributes:
        images: Folder of the pictures that were made.
        references: Folder of the pristine pictures.
        table: Table of the pictures, written at the end.
        scores: Table of the scores of each metric, written at the end.
        rows: What is known of each picture, written as it is made.
        sources: Table of names and paths of the sources.
        provenance: What pictures and scores depend on.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images = root / "images"
        self.references = root / "references"
        self.table = root / "table.csv"
        self.scores = root / "scores.csv"
        self.rows = root / "rows.jsonl"
        self.sources = root / "sources.csv"
        self.provenance = root / "provenance.json"

    def demand_place(self, *, resume: bool, overwrite: bool) -> None:
        """Raise ``ConfigError`` unless the folder may be written to.

        Args:
            resume: Whether a run that was begun there may be continued.
            overwrite: Whether it may be thrown away.
        """
        if resume and overwrite:
            raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
        if self.root.exists() and not self.root.is_dir():
            raise ConfigError(f"Expected a folder to write at {self.root}, got a file. Choose another name.")
        if self._is_empty():
            return
        if not (resume or overwrite):
            raise ConfigError(
                f"Expected an empty folder at {self.root}, got one with files. Continue it with --resume, replace it "
                "with --overwrite, or choose another name."
            )
        if self._described().get("made_by") != MAKER:
            raise ConfigError(
                f"Expected a folder that acutance made at {self.root}, got one without its provenance.json. "
                "Choose another name."
            )

    def began(self) -> int | None:
        """When the run began, in nanoseconds since 1970; ``None`` if it is yet to."""
        return self.provenance.stat().st_mtime_ns if self.provenance.exists() else None

    def demand_same(self, described: dict[str, Any]) -> None:
        """Raise ``ConfigError`` unless the run that was begun here is the one that is described."""
        before = self._described()
        for name, value in described.items():
            if before.get(name) != value:
                raise ConfigError(
                    f"Expected to resume {self.root} with the same {name}, got another: "
                    f"{_shown(before.get(name))} before, {_shown(value)} now. "
                    "Run it as before, or start anew with --overwrite."
                )

    def clear(self) -> None:
        """Remove what a run wrote, and nothing else."""
        for folder in (self.images, self.references):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.table, self.scores, self.rows, self.sources, self.provenance):
            file.unlink(missing_ok=True)

    def begin(self, described: dict[str, Any], sources: Sequence[Source]) -> None:
        """Make the folders, list the sources, and write down what the run depends on.

        Raises:
            ConfigError: They cannot be written.
        """
        try:
            self.images.mkdir(parents=True, exist_ok=True)
            self.references.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self.root, error) from error
        lines = [csv_line(("name", "path")), *(csv_line((source.name, str(source.path))) for source in sources)]
        write_whole(self.sources, "".join(lines).encode("utf-8", "backslashreplace").decode())
        write_whole(self.provenance, json.dumps({"made_by": MAKER, **described}, indent=2) + "\n")

    def remove_unfinished(self) -> None:
        """Remove files that a killed run was writing."""
        for folder in (self.root, self.images, self.references):
            for file in folder.glob(f"*{TEMPORARY}"):
                file.unlink(missing_ok=True)

    def _is_empty(self) -> bool:
        ours = {self.images, self.references, self.sources}
        if not self.root.exists() or self.provenance.exists():
            return not self.root.exists()
        left = [path for path in self.root.iterdir() if path.suffix != TEMPORARY and path not in ours]
        return not left and not any(path.is_dir() and any(path.iterdir()) for path in ours)

    def _described(self) -> dict[str, Any]:
        try:
            found = json.loads(self.provenance.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _shown(value: object) -> str:
    return json.dumps(value)[:80]
