"""The folder of a run: what lies where, whether it may be begun, continued or replaced, its rows and its tables."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.errors import ConfigError, InputError
from acutance.synthesis.maker import ENDINGS, Row, cannot_write, is_whole
from acutance.synthesis.plan import Item, Plan, Source, items_from
from acutance.tables import append
from acutance.tables.atomic import write_text
from acutance.tables.write import csv_line
from acutance.types import ScoreInfo

MADE_BY = "acutance"
"""Stands in the provenance of folders that may be continued and replaced."""

_TEMPORARY_NAME = re.compile(r"(.+)\.[0-9]+\.tmp", re.DOTALL)
"""As ``atomic_write`` calls what it is writing: the process stands in it."""
_IMAGE_NAME = re.compile(
    rf"(?P<start>.+)_(?:[0-9]{{2}}_[0-9]{{2}}|mixture|mixture_[0-9]{{2,}})(?:{'|'.join(map(re.escape, ENDINGS))})"
)
_NUMBER = re.compile("[0-9]{7,}")
"""Together the names that plans give: after the name of a source, or a number."""


class OutputFolder:
    """Where the files of a run lie.

    Attributes:
        images: Folder of the images that were made.
        references: Folder of the pristine images.
        table: Table of the images, written at the end.
        scores: Table of the scores of each metric, written at the end.
        rows: What is known of each image, written as it is made.
        sources: Table of names and paths of the sources.
        provenance: What images and scores depend on.
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

    def check_writable(self, *, resume: bool, overwrite: bool) -> None:
        """Raise ``ConfigError`` unless the folder may be written to: empty, or continued or thrown away as asked."""
        if resume and overwrite:
            raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
        if self.root.exists() and not self.root.is_dir():
            raise ConfigError(f"Expected a folder to write at {self.root}, got a file. Choose another name.")
        if not self.root.exists() or all(
            _unfinished(path.name) == self.provenance.name for path in self.root.iterdir()
        ):
            return
        if not (resume or overwrite):
            raise ConfigError(
                f"Expected an empty folder at {self.root}, got one with files. Continue it with --resume, replace it "
                "with --overwrite, or choose another name."
            )
        if self._described().get("made_by") != MADE_BY:
            raise ConfigError(
                f"Expected a folder that acutance made at {self.root}, got one without its provenance.json. "
                "Choose another name."
            )

    def began(self) -> int | None:
        """When the run began, in nanoseconds since 1970; ``None`` if it is yet to."""
        return self.provenance.stat().st_mtime_ns if self.provenance.exists() else None

    def check_same(self, described: dict[str, Any]) -> None:
        """Raise ``ConfigError`` unless the run that was begun here is the one that is described."""
        append.require_same(self._described(), described, self.root)

    def clear(self, sources: Sequence[Source]) -> None:
        """Remove what a run wrote or one of these sources is to write, and nothing else.

        Raises:
            ConfigError: It cannot be removed.
        """
        self.remove_unfinished()
        names = self._names() | {source.name for source in sources}
        self._remove(self.images, lambda file: _is_image(file, names))
        self._remove(self.references, lambda file: _is_reference(file, names))
        for folder in (self.images, self.references):
            with suppress(OSError):  # it is not there, or holds something else
                folder.rmdir()
        files = [path.name for path in (self.table, self.scores, self.rows, self.sources)]
        self._remove(self.root, files.__contains__)
        self._remove(self.root, lambda file: file == self.provenance.name)  # last: the folder is ours until then

    def begin(self, described: dict[str, Any], sources: Sequence[Source]) -> None:
        """Write down what the run depends on, which makes the folder ours; then ``prepare`` the rest.

        Raises:
            ConfigError: They cannot be written.
        """
        self._make(self.root)
        write_text(self.provenance, json.dumps({"made_by": MADE_BY, **described}, indent=2) + "\n")
        self.prepare(sources)

    def prepare(self, sources: Sequence[Source]) -> None:
        """Make the folders and list the sources, as far as an earlier run did not.

        Raises:
            ConfigError: They cannot be written.
        """
        self._make(self.images)
        self._make(self.references)
        lines = [csv_line(("name", "path")), *(csv_line((source.name, str(source.path))) for source in sources)]
        write_text(self.sources, "".join(lines).encode("utf-8", "backslashreplace").decode())

    def remove_unfinished(self) -> None:
        """Remove files that a killed run was writing.

        Raises:
            ConfigError: They cannot be removed.
        """
        names = self._names()
        files = [path.name for path in (self.table, self.scores, self.sources, self.provenance)]
        table = self.table.name + ".tmp"  # as ``write_table`` calls it
        self._remove(self.root, lambda file: file == table or _unfinished(file) in files)
        self._remove(self.images, lambda file: _is_image(_unfinished(file), names))
        self._remove(self.references, lambda file: _is_reference(_unfinished(file), names))

    def _remove(self, folder: Path, is_ours: Callable[[str], bool]) -> None:
        try:
            for path in [path for path in folder.iterdir() if is_ours(path.name)] if folder.is_dir() else ():
                path.unlink()
        except OSError as error:
            raise ConfigError(
                f"Expected to remove what was made in {folder}, got: {error.strerror or error}. "
                "Choose another name, or let it be removed."
            ) from error

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.root, error) from error

    def _names(self) -> set[str]:
        """Names of the sources of the run that began here."""
        try:
            with self.sources.open(encoding="utf-8", newline="") as lines:
                return {row[0] for row in csv.reader(lines) if row}
        except (OSError, ValueError, csv.Error):
            return set()

    def _described(self) -> dict[str, Any]:
        try:
            found = json.loads(self.provenance.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def new_rows(path: Path, columns: Sequence[str]) -> append.ResumableFile:
    """A JSON lines file of the rows of a plan, in its order."""
    return append.ResumableFile(path, columns, "rows of images")


def kept_rows(path: Path, columns: Sequence[str], plan: Plan, images: Path) -> append.ResumableFile:
    """The rows that an earlier run made of this plan, up to the first whose image is gone or cut off.

    Raises:
        ConfigError: A row of another plan, or a file that cannot be read or written.
    """
    rows = new_rows(path, columns)
    if not path.exists():
        return rows
    rows.find()
    kept = 0
    for row, item in zip(rows.rows(), items_from(plan, 0), strict=False):
        if tuple(row) != rows.columns or row["image"] != item.name:
            raise ConfigError(
                f"Expected row {kept + 1} of {path} to be of {item.name}, got another. Start anew with --overwrite."
            )
        if row["error"] is None and not is_whole(images / item.name):
            break
        kept += 1
    rows.keep(kept)
    return rows


def write_tables(
    folder: OutputFolder, made: Iterable[tuple[Item, Row]], names: Sequence[str], infos: Mapping[str, ScoreInfo]
) -> int:
    """Write the table of the images, and that of scores where there are metrics; how many rows they have.

    Args:
        made: Items and their rows, in order; those with an error are left out.
        infos: What the scores of each metric mean; empty if there is none.

    Raises:
        DatasetError: The table cannot be written.
        ConfigError: The scores cannot be written.
    """
    whole = [(item, row) for item, row in made if row["error"] is None]
    scores = {metric: [float(row[metric]) for _, row in whole] for metric in infos}
    opinions = pseudo_mos(scores, infos).tolist() if infos else [None] * len(whole)
    rows = [_rated(item, names[item.source], mos) for (item, _), mos in zip(whole, opinions, strict=True)]
    if infos:
        write_text(folder.scores, "".join(_score_lines(rows, scores)))
    write_table(OpinionTable(rows, folder.root, folder.root.name), folder.table)
    return len(rows)


def pseudo_mos(scores: Mapping[str, Sequence[float]], infos: Mapping[str, ScoreInfo]) -> NDArray[np.float64]:
    """The pseudo-MOS of every image of a set, between 0 and 1, higher is better.

    Each metric's scores are turned so that higher is better, and replaced by their mid-rank share: the part of the
    set that scores lower, images of equal score counted half, the image itself among them. The mean over the
    metrics is the pseudo-MOS.

    Args:
        scores: Scores of the images by metric, in one order; infinite ones are ranked as what they are.
        infos: What the scores of each metric mean.

    Raises:
        InputError: No metric, metrics of unequally many images, or a score that is no number.

    Example:
        >>> psnr, mdsi = ScoreInfo(better="higher", low=0, high=np.inf), ScoreInfo(better="lower", low=0, high=1)
        >>> pseudo_mos({"psnr": [20.0, 30.0], "mdsi": [0.4, 0.4]}, {"psnr": psnr, "mdsi": mdsi}).tolist()
        [0.375, 0.625]
    """
    counts = {len(values) for values in scores.values()}
    if len(counts) != 1:
        raise InputError(f"Expected scores of one number of images, got {sorted(counts)}. Score all by all metrics.")
    shares = []
    for name, values in scores.items():
        turned = np.asarray(values, dtype=np.float64) * (1 if infos[name].better == "higher" else -1)
        if np.isnan(turned).any():
            raise InputError(f"Expected numbers from {name}, got NaN for {np.isnan(turned).sum()}. Leave them out.")
        shares.append((rankdata(turned, method="average") - 0.5) / max(len(turned), 1))
    return np.asarray(np.mean(shares, axis=0))


def _rated(item: Item, source: str, mos: float | None) -> RatedImage:
    return RatedImage(
        image=f"images/{item.name}",
        reference=f"references/{source}.png",
        mos=mos,
        better="higher",
        low=None if mos is None else 0.0,
        high=None if mos is None else 1.0,
        distortion=item.distortion,
        level=item.level,
        scene=source,
    )


def _score_lines(rows: Sequence[RatedImage], scores: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield csv_line(("image", "reference", *scores, "mos"))
    for index, row in enumerate(rows):
        values = (column[index] for column in scores.values())
        yield csv_line((row.image, row.reference, *values, row.mos))


def _unfinished(file: str) -> str:
    """The name of the file that one of this name was to become; empty if it is none of ours."""
    found = _TEMPORARY_NAME.fullmatch(file)
    return found[1] if found else ""


def _is_image(file: str, names: Set[str]) -> bool:
    found = _IMAGE_NAME.fullmatch(file)
    return found is not None and (found["start"] in names or _NUMBER.fullmatch(found["start"]) is not None)


def _is_reference(file: str, names: Set[str]) -> bool:
    return file.endswith(".png") and file.removesuffix(".png") in names
