"""Pairs written down in a file: CSV or JSON lines with the columns ``image`` and ``reference``."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from acutance.errors import PairingError
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.sources import Picture
from acutance.tables.text import readable

FIELDS = ("image", "reference")
MANIFEST_ENDINGS = (".csv", ".jsonl")


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
    rows = _csv_rows(path) if path.suffix.lower() == ".csv" else _json_rows(path)
    others: dict[str, None] = {}
    pairs = []
    try:
        for line, row in rows:
            pairs.append(_pair(path, line, row))
            others |= dict.fromkeys(name for name in row if name not in FIELDS)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PairingError(f"Expected a manifest in UTF-8 at {path}, got: {error}. Save it again as UTF-8.") from error
    except OSError as error:
        raise PairingError(f"Expected a manifest at {path}, got: {error.strerror}. Check the path.") from error
    if not pairs:
        raise PairingError(f"Expected at least one pair in {path}, got none. Add a line with an image.")
    return Pairing(pairs, notes=[f"fields of {path} passed over: {', '.join(map(readable, others))}"] if others else [])


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "image" not in (reader.fieldnames or ()):
            got = ", ".join(reader.fieldnames or ["nothing"])
            raise PairingError(
                f"Expected the columns image and reference in {path}, got {got}. Name them in the first line."
            )
        for row in reader:
            if None in row:
                raise PairingError(
                    f"Expected {len(reader.fieldnames or ())} columns in {path}, line {reader.line_num}, got "
                    f"{len(row) - 1 + len(row[None])}. Put paths that hold a comma in double quotes."
                )
            yield reader.line_num, dict(row)


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding="utf-8-sig") as file:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                row = json.loads(text)
            except json.JSONDecodeError as error:
                raise PairingError(f"Expected a JSON object in {path}, line {line}, got: {error}.") from error
            if not isinstance(row, dict):
                raise PairingError(f'Expected a JSON object such as {{"image": "a.png"}} in {path}, line {line}.')
            yield line, row


def _pair(path: Path, line: int, row: dict[str, object]) -> Pair:
    image, reference = row.get("image"), row.get("reference")
    if not isinstance(image, str) or not image:
        raise PairingError(f"Expected the path of an image in {path}, line {line}, got {image!r}. Fill it in.")
    if reference is not None and not isinstance(reference, str):
        raise PairingError(f"Expected the path of a reference in {path}, line {line}, got {reference!r}.")
    return Pair(_picture(path.parent, image), _picture(path.parent, reference) if reference else None)


def _picture(folder: Path, name: str) -> Picture:
    return Picture(folder / name, readable(name), name)
