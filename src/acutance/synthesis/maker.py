"""The work on one image: its reference is read, it is distorted, scored beside it and written without loss."""

import os
import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acutance.catalog import load
from acutance.distortions import apply_mixture
from acutance.distortions.pixels import as_bytes, as_floats
from acutance.errors import AcutanceError, ConfigError, ImageReadError, InputError
from acutance.images import read_image
from acutance.synthesis.plan import Item, Source, derived_seed
from acutance.tables.atomic import atomic_write
from acutance.tables.text import readable

if TYPE_CHECKING:
    from torch import Tensor

    from acutance.models.quality_model import QualityModel

Row = dict[str, Any]
"""Of an item: ``image``, the score of each metric, ``error``."""

ENDINGS = (".png", ".bmp", ".tiff")
"""Formats that keep every pixel."""
KEPT_BYTES = 256_000_000
"""Decoded references that a process keeps; the one used longest ago goes first."""

_PILLOW_NAMES = {".bmp": "BMP", ".tiff": "TIFF"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
"""The empty last chunk with its checksum (PNG specification, 11.2.4)."""
_EIGHT_BIT_COLOUR = (8, 2, 0, 0, 0)
"""Bit depth, colour type, compression, filter method, no interlacing (PNG specification, W3C 2025, 11.2.1)."""
_FILTER_UP = 2
"""Each value less the one above (PNG specification, 9.2)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all items have in common; travels to worker processes."""

    images: Path
    """Folder of the images that are made."""
    references: Path
    """Folder of the pristine images, as written."""
    metrics: tuple[str, ...] = ()
    """Names of the metrics, in the order of their columns."""
    size: int | None = None
    """Longest side of what is cut out of a source, in pixels; ``None`` takes it whole."""
    seed: int = 0


@dataclass(frozen=True)
class ItemTask:
    """An item to make, or the reason why it cannot be."""

    item: Item
    source_name: str
    error: str | None = None


class Maker:
    """Makes references and items, one after the other; needs PyTorch for metrics only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = {name: load(name) for name in settings.metrics}
        self._kept: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def write_reference(self, source: Source) -> str | None:
        """Write the source, or what is cut out of it, as a PNG file; a line that says why not, if it is unreadable.

        Raises:
            ConfigError: The file cannot be written.
        """
        try:
            image = eight_bits(read_image(source.path))
        except (AcutanceError, MemoryError) as error:
            return _one_line(error)
        settings = self.settings
        if settings.size is not None:
            image = random_crop(image, settings.size, derived_seed("crop", settings.seed, source.name))
        write_image(image, reference_path(settings.references, source.name))
        return None

    def make(self, task: ItemTask) -> Row:
        """The row of an item, whose image is written before; an item that fails has an error and no image.

        Raises:
            ConfigError: The image cannot be written.
        """
        error = task.error
        if error is None:
            try:
                reference = self.reference(task.source_name)
                distorted = apply_mixture(reference, task.item.mixture)
                scores = self.scores(distorted, reference)
            except (AcutanceError, MemoryError, RuntimeError) as failure:  # torch raises RuntimeError
                error = _one_line(failure)
            else:
                write_image(distorted, self.settings.images / task.item.name)
                return {"image": task.item.name, **scores, "error": None}
        return {"image": task.item.name, **dict.fromkeys(self.metrics), "error": error}

    def reference(self, name: str) -> NDArray[np.uint8]:
        """The reference of that name, read from its file once as long as there is room to keep it."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        reference: NDArray[np.uint8] = read_image(reference_path(self.settings.references, name))
        self._kept[name] = reference
        while len(self._kept) > 1 and sum(image.nbytes for image in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return reference

    def scores(self, distorted: NDArray[np.uint8], reference: NDArray[np.uint8]) -> dict[str, float]:
        """The score of each metric, the same as ``acutance.score`` gives for the two files.

        Raises:
            InputError: Images that a metric cannot compare, or a score that is no number.
        """
        if not self.metrics:
            return {}
        import torch

        from acutance.layers.images import to_batch

        batches = [to_batch([image], dtype=torch.float64) for image in (distorted, reference)]
        with torch.inference_mode():
            scores = {name: _score(metric, *batches) for name, metric in self.metrics.items()}
        for name, score in scores.items():
            if np.isnan(score):
                raise InputError(f"Expected a number from {name}, got NaN. Leave that metric out.")
        return scores


def reference_path(folder: Path, name: str) -> Path:
    """Where the reference of that name lies."""
    return folder / f"{name}.png"


def random_crop(image: NDArray[np.uint8], size: int, seed: int) -> NDArray[np.uint8]:
    """A random part of an image (H, W, 3) with sides of ``size`` pixels; a side that is no longer stays whole."""
    generator = np.random.default_rng(seed)
    height, width = (min(side, size) for side in image.shape[:2])
    top = int(generator.integers(image.shape[0] - height, endpoint=True))
    left = int(generator.integers(image.shape[1] - width, endpoint=True))
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def eight_bits(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An image as ``read_image`` gives it in 8 bits, rounded to the nearest."""
    return image if image.dtype == np.uint8 else as_bytes(as_floats(image))


def write_image(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write an image (H, W, 3) whole, or leave what is there untouched; its ending is one of ``ENDINGS``.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        with atomic_write(path) as temporary:
            if path.suffix == ".png":
                temporary.write_bytes(png_bytes(pixels))
            else:
                Image.fromarray(pixels).save(temporary, _PILLOW_NAMES[path.suffix])
    except OSError as error:
        raise cannot_write(path, error) from error


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """The image (H, W, 3) as a PNG file, written fast: one filter for all rows, and only runs are searched for.

    Pillow tries every filter on every row. Over the 25 distortions of a photograph of 512 x 512, this takes 7 ms
    where Pillow takes 16 at its lowest level and 78 at its usual one; files are a tenth larger than at the lowest.
    """
    height, width, channels = pixels.shape
    values = pixels.reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _FILTER_UP
    rows[0, 1:] = values[0]
    np.subtract(values[1:], values[:-1], out=rows[1:, 1:])  # modulo 256
    packer = zlib.compressobj(level=1, strategy=zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, *_EIGHT_BIT_COLOUR)
    packed = packer.compress(rows.tobytes()) + packer.flush()
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _PNG_END


def is_whole(path: Path) -> bool:
    """Whether an image that was written is there to its end; PNG by its last chunk, others by reading them."""
    try:
        if path.suffix != ".png":
            read_image(path)
            return True
        with path.open("rb") as file:
            file.seek(-len(_PNG_END), os.SEEK_END)
            return file.read() == _PNG_END
    except (OSError, ImageReadError):
        return False


def cannot_write(path: Path, error: OSError) -> ConfigError:
    """The error of a file that cannot be written."""
    return ConfigError(
        f"Expected to write {path}, got: {error.strerror or error}. Make room there, then continue with --resume."
    )


def _score(metric: "QualityModel", distorted: "Tensor", reference: "Tensor") -> float:
    from acutance.models.quality_model import PairDepth, ReadsDepth

    if isinstance(metric, ReadsDepth):
        return float(metric.terms_at_depth(distorted, reference, PairDepth(eight_bits=True))["score"])
    return float(metric(distorted, reference))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _one_line(error: Exception) -> str:
    return readable(" ".join(str(error).split())) or type(error).__name__
