"""Rows of numbers that are computed once and kept on disk; what was computed before a kill stays."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from acutance.errors import InputError, TrainingError
from acutance.tables.atomic import atomic_write

Rows = NDArray[np.float32]
ROWS, DONE, MADE_FROM = "rows.bin", "done.bin", "made_from.json"


def file_mark(path: Path) -> list[object]:
    """What changes with a file that rows are made of: path, size, time."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(f"Expected an image at {path}, got: {error.strerror}. Copy the dataset again.") from error
    return [str(path), status.st_size, status.st_mtime_ns]


def digest(tensors: Mapping[str, Tensor], parts: Sequence[str]) -> str:
    """A checksum of the tensors of some parts of a model, by names and values."""
    whole = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        if name.startswith(tuple(f"{part}." for part in parts)):
            whole.update(name.encode())
            whole.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()


class FeatureFile:
    """A float32 matrix in a file, row by row.

    Args:
        folder: Where ``rows.bin``, ``done.bin`` (a byte per row) and ``made_from.json`` lie.
        shape: Rows, and the shape of each.
        made_from: All that the rows depend on, plain JSON values; rows made from something else are made anew.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], made_from: dict[str, object]) -> None:
        self._folder = folder
        self._shape = shape
        self._made_from = json.loads(json.dumps({**made_from, "shape": list(shape)}))
        self._rows: Rows | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the map, which a worker process opens for itself."""
        return {**self.__dict__, "_rows": None}

    def missing(self) -> list[int]:
        """Rows that are not there yet: all of them where the file is new, or made from something else.

        Raises:
            TrainingError: No room on the disk for all rows.
            OSError: A folder that cannot be written to.
        """
        if not self._is_same():
            self._make()
        done = np.fromfile(self._folder / DONE, np.uint8)
        places: list[int] = np.flatnonzero(done == 0).tolist()
        return places

    def write(self, places: Sequence[int], rows: Rows) -> None:
        """Add rows; they are on the disk before they count as done.

        Raises:
            OSError: No room on the disk.
        """
        with (self._folder / ROWS).open("r+b") as file:
            for place, row in zip(places, np.ascontiguousarray(rows, np.float32), strict=True):
                file.seek(place * row.nbytes)
                file.write(row.tobytes())
            file.flush()
            os.fsync(file.fileno())
        with (self._folder / DONE).open("r+b") as file:
            for place in places:
                file.seek(place)
                file.write(b"\1")

    def read(self, place: int) -> Rows:
        """One row, mapped into memory: copy it to keep it."""
        if self._rows is None:
            self._rows = np.memmap(self._folder / ROWS, np.float32, "r", shape=self._shape)
        row: Rows = self._rows[place]
        return row

    def _is_same(self) -> bool:
        """Whether the files are there, whole, and made from the same."""
        try:
            known = json.loads((self._folder / MADE_FROM).read_text(encoding="utf-8"))
            sizes = [(self._folder / name).stat().st_size for name in (ROWS, DONE)]
        except (OSError, ValueError):
            return False
        return bool(known == self._made_from) and sizes == [self._bytes(), self._shape[0]]

    def _make(self) -> None:
        self._rows = None
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (MADE_FROM, ROWS, DONE):
            (self._folder / name).unlink(missing_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < self._bytes():
            raise TrainingError(
                f"Expected {self._bytes() / 1e9:.1f} GB of room for features in {self._folder}, got {free / 1e9:.1f}. "
                "Make room, choose another folder, or set task.augment=false for an eighth of it."
            )
        for name, size in ((ROWS, self._bytes()), (DONE, self._shape[0])):
            with (self._folder / name).open("wb") as file:
                file.truncate(size)
        with atomic_write(self._folder / MADE_FROM) as temporary:
            temporary.write_text(json.dumps(self._made_from, indent=2) + "\n", encoding="utf-8")

    def _bytes(self) -> int:
        return int(np.prod(self._shape, dtype=np.int64)) * np.dtype(np.float32).itemsize
