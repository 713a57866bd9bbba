"""Pairs written down in a file: CSV or JSON lines with the columns ``image`` and ``reference``."""

from dataclasses import dataclass
from pathlib import Path

from acutance.errors import PairingError
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.sources import Picture
from acutance.tables.read import parser, read_cells, row_place
from acutance.tables.text import readable

FIELDS = ("image", "reference")
MANIFEST_ENDINGS = (".csv", ".jsonl")


@dataclass(frozen=True, slots=True)
class _Row:
    image: str
    reference: str | None = None


def is_manifest(source: object) -> bool:
    """Whether this names a manifest."""
    is_named_so = isinstance(source, str | Path) and Path(source).suffix.lower() in MANIFEST_ENDINGS
    return is_named_so and not Path(str(source)).is_dir()


def read_manifest(path: Path) -> Pairing:
    """The pairs of a manifest, in its order.

    Args:
        path: A CSV file with a header, or a file of JSON objects, one a line. ``image`` is needed,
            ``reference`` may be absent or empty, other fields are passed over with a note. Paths are relative to the
            manifest's folder.

    Raises:
        PairingError: A file that cannot be read as one, naming file and line.
    """
    if not path.is_file():
        raise PairingError(f"Expected a manifest at {path}, got no such file. Check the path.")
    parse = parser(_Row, PairingError, "Fill it in.")
    others: dict[str, None] = {}
    pairs = []
    for number, cells in read_cells(path, PairingError, header=lambda names: _columns(path, names)):
        row = parse(cells, row_place(path, number))
        reference = _picture(path.parent, row.reference) if row.reference else None
        pairs.append(Pair(_picture(path.parent, row.image), reference))
        others |= dict.fromkeys(name for name in cells if name not in FIELDS)
    if not pairs:
        raise PairingError(f"Expected at least one pair in {path}, got none. Add a line with an image.")
    return Pairing(pairs, notes=[f"fields of {path} passed over: {', '.join(map(readable, others))}"] if others else [])


def _columns(path: Path, names: list[str]) -> list[str]:
    if "image" not in names:
        got = ", ".join(names) or "nothing"
        raise PairingError(
            f"Expected the columns image and reference in {path}, got {got}. Name them in the first line."
        )
    return names


def _picture(folder: Path, name: str) -> Picture:
    return Picture(folder / name, readable(name), name)
