"""The files that datasets are made of: tiny images, lists, Excel sheets and MATLAB arrays."""

from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat

from acutance.extras import require

FORMATS = {".bmp": "BMP", ".jpg": "JPEG", ".png": "PNG"}


@cache
def _image_bytes(ending: str) -> bytes:
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    data = BytesIO()
    Image.fromarray(pixels).save(data, FORMATS[ending.lower()])
    return data.getvalue()


def write_images(root: Path, names: Iterable[str]) -> None:
    """8 x 8 images in the format of their ending, made in reversed order so that no listing is sorted."""
    for name in reversed(list(names)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_image_bytes(path.suffix))


def write_lines(path: Path, lines: Iterable[str], *, end: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + end for line in lines), encoding="utf-8", newline="")


def write_sheets(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> None:
    """An Excel file of several sheets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = require("openpyxl", extra="data").Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    book.close()


def write_mat(path: Path, arrays: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, arrays)


def cell_array(texts: Sequence[str], *, is_column: bool) -> np.ndarray[Any, np.dtype[Any]]:
    """A MATLAB cell array of texts."""
    cells = np.empty(len(texts), dtype=object)
    cells[:] = texts
    return cells.reshape((-1, 1) if is_column else (1, -1))
