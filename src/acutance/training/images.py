"""Images for training and validation: read as bytes, brought to one size, kept on disk, cropped, and scored."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import ConfigError, InputError, StatisticsError, TrainingError
from acutance.images.read import read_image, reading_settings
from acutance.layers.images import enlarge_to_at_least, resize_like_pillow, to_batch
from acutance.models.quality_model import QualityModel, SharesReferences
from acutance.stats.correlation import plcc, srcc
from acutance.tables.atomic import atomic_write
from acutance.types import OnProgress

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3)."""
Item = TypeVar("Item")
Read = TypeVar("Read")
AHEAD = 4
"""Images read ahead of the one that is used."""
_READING = 1
"""To be raised where an image is read as other pixels than before, which the settings may not say."""
_RULES = f"{_READING}|{reading_settings('white')}"


class ImageStore:
    """Images as 8-bit pixels.

    Args:
        size: Height and width that they are brought to, as Pillow's bilinear does; ``None`` leaves them.
        cache: Folder of what was read before, one file an image; ``None`` reads images anew each time.
    """

    def __init__(self, size: tuple[int, int] | None = None, cache: Path | None = None) -> None:
        self._size = size
        self._cache = cache

    def read(self, path: Path) -> Pixels:
        """One image; from the cache it is mapped into memory, so that a crop reads only what it needs.

        Raises:
            ImageReadError: A file that is no image.
            ConfigError: A cache that cannot be written to.
        """
        if self._cache is None:
            return self._pixels(path)
        kept = self._cache / f"{self._key(path)}.npy"
        try:
            found: Pixels = np.load(kept, mmap_mode="r")
            return found
        except (OSError, ValueError, EOFError):  # not there yet, or cut short
            pixels = self._pixels(path)
            self._keep(kept, pixels)
            return pixels

    def _keep(self, kept: Path, pixels: Pixels) -> None:
        try:
            with atomic_write(kept) as temporary, temporary.open("wb") as file:
                np.save(file, pixels)
        except OSError as error:
            raise ConfigError(
                f"Expected room for images in the cache {self._cache}, got: {error.strerror or error}. Make room, or "
                "leave task.cache out."
            ) from error

    def _pixels(self, path: Path) -> Pixels:
        pixels = read_image(path)
        if pixels.dtype != np.uint8:
            images = to_batch([pixels])
            return _levels(images if self._size is None else resize_like_pillow(images, *self._size))
        if self._size is None or pixels.shape[:2] == self._size:
            return np.ascontiguousarray(pixels)
        height, width = self._size  # Pillow itself gives the bits of ``resize_like_pillow`` and is quicker
        return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))

    def _key(self, path: Path) -> str:
        """A name that changes with the file, the size and the rules of reading."""
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(f"Expected an image at {path}, got: {error.strerror}.") from error
        told = f"{path.absolute()}|{status.st_size}|{status.st_mtime_ns}|{self._size}|{_RULES}"
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def require_files(paths: Iterable[Path], name: str) -> None:
    """Raise unless every image is there: one that is missing would else stop a training hours later."""
    known = dict.fromkeys(paths)
    missing = [path for path in known if not path.is_file()]
    if missing:
        raise TrainingError(
            f"Expected {len(known)} images of {name}, got {len(known) - len(missing)}: {missing[0]} is missing. Copy "
            "the dataset again, or leave its rows out."
        )


def enlarged(pixels: Pixels, side: int) -> Pixels:
    """An image whose shorter side is at least ``side``: small ones are enlarged as they are for scoring."""
    if min(pixels.shape[:2]) >= side:
        return pixels
    return _levels(enlarge_to_at_least(to_batch([pixels.copy()]), side))  # images may be read-only


def crop_of(pixels: Pixels, side: int, generator: np.random.Generator, *, flip: float = 0.0) -> torch.Tensor:
    """A random square (3, side, side), uint8, every place equally likely, flipped left and right with a probability.

    Raises:
        InputError: An image that is too small.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < side:
        raise InputError(
            f"Expected images of at least {side} pixels a side to train with, got {height} x {width}. Set "
            "task.model.resize, or leave small images out."
        )
    top, left = int(generator.integers(height - side + 1)), int(generator.integers(width - side + 1))
    square = pixels[top : top + side, left : left + side]
    square = square[:, ::-1] if generator.random() < flip else square
    return torch.from_numpy(square.copy()).permute(2, 0, 1).contiguous()


def read_ahead(items: Sequence[Item], read: Callable[[Item], Read]) -> Iterator[Read]:
    """What is read of each item, in their order, some of it ahead on threads."""
    left = iter(items)
    pool = ThreadPoolExecutor(2)
    try:
        waiting = [pool.submit(read, item) for item in islice(left, AHEAD)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(read, item) for item in islice(left, 1)]
    finally:  # a generator may end in the garbage collector, which must not wait for threads
        pool.shutdown(wait=False, cancel_futures=True)


def _levels(images: torch.Tensor) -> Pixels:
    """A batch of one image in [0, 1] as 8-bit pixels."""
    levels: Pixels = (images[0] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    return levels


def require_references(table: OpinionTable) -> None:
    """Raise unless every image has a reference."""
    for row in table:
        if not row.reference:
            raise TrainingError(
                f"Expected a reference of every image of {table.name}, got none of {row.image}. Train on a dataset "
                "with references."
            )


def opinions_of(table: OpinionTable) -> np.ndarray:
    """The opinion of every image of a table that is rated, shape (images,)."""
    return np.array([row.mos for row in table], dtype=np.float64)


class PairScorer:
    """Scores one image after the other by a full-reference model, keeping the last reference."""

    def __init__(self, model: SharesReferences[Any]) -> None:
        self._model = model
        self._last: tuple[Tensor, object] | None = None

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        """The score (1,) of one image (1, 3, H, W) in [0, 1], as its reference is."""
        if self._last is None or not _equal(self._last[0], reference):
            self._last = (reference, self._model.encode_reference(reference))
        scores: Tensor = self._model.terms_against(distorted, [self._last[1]])["score"]
        return scores


def _equal(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and bool(torch.equal(first, second))


def scores_of(
    table: OpinionTable,
    model: QualityModel,
    read: Callable[[Path], Pixels],
    on_progress: OnProgress | None = None,
) -> np.ndarray:
    """The score of every image of a table, shape (images,), one after the other."""
    device, compares = next(model.parameters()).device, model.needs_reference
    score = PairScorer(model) if compares and isinstance(model, SharesReferences) else model

    def both(row: RatedImage) -> list[Pixels]:
        return [read(table.path(name)) for name in (row.image, row.reference if compares else None) if name]

    scores = []
    for images in read_ahead(table.rows, both):
        scores.append(float(score(*(as_images(pixels, device) for pixels in images))))
        if on_progress is not None:
            on_progress(len(scores), len(table))
    return np.array(scores, dtype=np.float64)


def correlations(scores: np.ndarray, table: OpinionTable) -> dict[str, float]:
    """SRCC and PLCC without a curve, for scores that go the way of the opinions; NaN where there is none."""
    labels, found = opinions_of(table), {}
    for name, correlation in (("srcc", srcc), ("plcc", plcc)):
        try:
            found[name] = correlation(scores, labels)
        except StatisticsError:
            found[name] = float("nan")
    return found


def as_images(pixels: Pixels, device: torch.device) -> Tensor:
    """8-bit pixels (H, W, 3) as a batch of one image (1, 3, H, W) in [0, 1]."""
    levels = torch.from_numpy(pixels.copy()).to(device)  # images may be read-only
    return levels.permute(2, 0, 1).unsqueeze(0).float() / 255
