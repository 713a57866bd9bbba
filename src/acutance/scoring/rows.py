"""Results of scoring: a score with its meaning, a row of a table, and the files that hold rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acutance.errors import ConfigError
from acutance.extras import require
from acutance.tables.append import ResumableFile, parse_json_lines
from acutance.tables.atomic import atomic_write
from acutance.tables.read import check_ending, read_cells
from acutance.tables.write import Kind, Row, json_line, parquet_columns, write_parquet
from acutance.types import Better, ScoreInfo

ROW_FIELDS = ("image", "reference", "model", "score", "better", "depth", "error")
"""Fields of every row, in this order; terms follow where they are asked for. JSON has ``note`` behind the score."""
EARLIER_ROW_FIELDS = (("image", "reference", "model", "score", "error"),)
"""Those of files that earlier versions began, which go on as they are: that of 0.1."""
TEXT_FIELDS = frozenset(ROW_FIELDS) - {"score"}
"""Fields that hold text; all others are numbers."""
OUTPUT_ENDINGS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of one image, with all that is needed to cite it."""

    value: float
    """The score; ``info`` says how to read it."""
    info: ScoreInfo
    """Direction, bounds and unit."""
    terms: Mapping[str, float]
    """What the score is made of, by name."""
    provenance: Mapping[str, Any]
    """Model, checksum of its weights, preprocessing, precision, device and package versions."""

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        unit = f" {self.info.unit}" if self.info.unit else ""
        return f"{self.provenance['models'][0]['model']}: {self.value:.4f}{unit} ({self.info.better} is better)"


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One image scored by one model, or the reason why not."""

    image: str
    """Name of the image: its path as found."""
    reference: str | None
    """Name of the reference; ``None`` for a no-reference model."""
    model: str
    """Name of the model."""
    score: float | None = None
    """The score, perhaps infinite; ``None`` if there is an error."""
    better: Better | None = None
    """Which direction of the score means better quality."""
    depth: str | None = None
    """Bits that were kept of the bits that the file holds, such as ``8 of 16``; ``None`` where all were."""
    error: str | None = None
    """One line that says what went wrong; ``None`` if nothing did."""
    terms: Mapping[str, float] = field(default_factory=dict)
    """What the score is made of, by name."""
    exception: Exception | None = field(default=None, repr=False, compare=False)
    """What was raised, for callers who want its type."""

    def as_dict(self, term_names: tuple[str, ...] = ()) -> dict[str, str | float | None]:
        """The row as flat fields: those of ``ROW_FIELDS``, then the terms asked for."""
        fixed: dict[str, str | float | None] = {name: getattr(self, name) for name in ROW_FIELDS}
        return fixed | {name: self.terms.get(name) for name in term_names}


def row_of_fields(fields: Row, better: Mapping[str, Better]) -> ScoreRow:
    """A row as a file of scores holds it; files of 0.1 do not tell which direction is better."""
    texts: dict[str, Any] = {name: fields.get(name) for name in ("reference", "depth", "error")}
    texts = {name: None if text is None else str(text) for name, text in texts.items()}
    model, score = str(fields["model"]), fields["score"]
    return ScoreRow(
        image=str(fields["image"]),
        model=model,
        score=None if score is None else float(score),
        better=better[model],
        terms={name: float(value) for name, value in fields.items() if name not in ROW_FIELDS and value is not None},
        **texts,
    )


class ScoreFile(ResumableFile):
    """A file of scores that grows row by row, inside a ``with`` block; before it, nothing is touched.

    A CSV or JSON lines file holds every row that was made, at any moment. Parquet cannot grow, so its rows
    wait as JSON lines in ``<name>.partial.jsonl`` until ``finish``. A file that an earlier version began goes on in
    the columns that it has.

    Args:
        path: Where to write; its ending chooses the format.
        term_names: Columns after the fixed ones.
        resume: Keep the rows that are there; without it the file must not exist, or ``overwrite``.
        overwrite: Throw away what is there.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: The file exists, holds other columns than this run, or cannot be read.
        MissingExtraError: Parquet without pyarrow.
    """

    def __init__(
        self, path: Path, term_names: Sequence[str] = (), *, resume: bool = False, overwrite: bool = False
    ) -> None:
        ending = check_ending(path, OUTPUT_ENDINGS)
        if ending == ".parquet":
            require("pyarrow.parquet", extra="parquet")
        super().__init__(path, (*ROW_FIELDS, *term_names), "a file of scores", TEXT_FIELDS)
        self._terms = tuple(term_names)
        self._is_restored = False  # whether the rows that are there lie in a whole Parquet file
        if ending == ".parquet":
            self._lines_path = path.with_name(path.name + ".partial.jsonl")
        if path.is_dir():
            raise ConfigError(f"The scores cannot be written to {path}, which is a folder. Choose another name.")
        if (path.exists() or self._lines_path.exists()) and not (resume or overwrite):
            raise ConfigError(f"There are scores at {path}. Continue them with --resume, or replace them: --overwrite.")
        if resume:
            with self._faults_named():
                self._examine()

    def __enter__(self) -> "ScoreFile":
        with self._faults_named():
            if self._is_restored:
                with atomic_write(self._lines_path) as temporary, temporary.open("w", encoding="utf-8") as file:
                    file.writelines(self._json(row) for _, row in read_cells(self.path, ConfigError))
                self._end = self._lines_path.stat().st_size
            elif self._lines_path != self.path and not self.count:
                self.path.unlink(missing_ok=True)
        return super().__enter__()

    def rows(self) -> Iterator[Row]:
        """The rows that are there.

        Raises:
            ConfigError: A row that cannot be read.
        """
        if self._lines_path.exists():
            yield from super().rows()
        elif self._is_restored:
            yield from (row for _, row in read_cells(self.path, ConfigError))

    def write(self, rows: Sequence[ScoreRow]) -> None:
        """Add rows; they are in the file when this returns."""
        self._is_restored = self._is_restored and not rows
        self.add(row.as_dict(self._terms) for row in rows)

    def finish(self) -> None:
        """Close the file; a Parquet file is made now, unless it was there and nothing was added."""
        self._close()
        if self._lines_path == self.path:
            return
        if not self._is_restored:
            kinds: dict[str, Kind] = {name: "text" if name in TEXT_FIELDS else "number" for name in self.columns}
            with atomic_write(self.path) as temporary, self._lines_path.open(encoding="utf-8", newline="\n") as lines:
                write_parquet(temporary, kinds, parse_json_lines(lines))
        self._lines_path.unlink()

    def _examine(self) -> None:
        """Count the whole rows that are there, and check their columns."""
        there = self.find()
        if not self.count and self._lines_path != self.path and self.path.exists():
            self.count, there = parquet_columns(self.path)
            self._is_restored = True
        if there in [(*fields, *self._terms) for fields in EARLIER_ROW_FIELDS]:
            self.columns = there
        if there and there != self.columns:
            raise ConfigError(
                f"{self.path} has the columns {', '.join(there)}, not {', '.join(self.columns)}. "
                "Run it as before, or start anew with --overwrite."
            )

    def _json(self, row: Row) -> str:
        is_of_now = self.columns[: len(ROW_FIELDS)] == ROW_FIELDS  # files of 0.1 have notes where needed alone
        return json_line(row, always_noted=is_of_now)
