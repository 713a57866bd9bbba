"""Small models that say what they were asked, and images for them."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from acutance.errors import InputError
from acutance.models.quality_model import ModelProvenance, QualityModel
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair, Pairing
from acutance.scoring.rows import ScoreFile, ScoreRow
from acutance.scoring.run import ScorePlan, plan_scores, score_rows
from acutance.shapes import ChannelBatch, ImageBatch, ScoreBatch
from acutance.types import ScoreInfo
from tests.fakes import pictures

ONE_WORKER = RunOptions(workers=1)


class Distance(QualityModel):
    """Mean absolute difference; refuses a batch that holds a black image."""

    info = ScoreInfo(better="lower", low=0.0, high=1.0)

    def __init__(self, name: str = "distance", *, device: str = "cpu") -> None:
        super().__init__()
        self.batches: list[int] = []
        self.provenance = ModelProvenance(
            model=name, weights=None, weights_sha256=None, preprocessing={}, precision="float32", device=device
        )

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        pair = self.checked_pair(distorted, reference)
        self.batches.append(len(distorted))
        if (distorted.amax(dim=(1, 2, 3)) == 0).any():
            raise InputError("Expected light, got a black image.")
        return {"score": (pair[0] - pair[1]).abs().mean(dim=(1, 2, 3)), "brightness": distorted.mean(dim=(1, 2, 3))}


class Brightness(Distance):
    """Mean of the image alone."""

    needs_reference = False

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        assert reference is None
        self.batches.append(len(distorted))
        return {"score": distorted.mean(dim=(1, 2, 3))}


class SharedDistance(Distance):
    """Difference of mean colours; keeps those of the reference."""

    def __init__(self, name: str = "shared") -> None:
        super().__init__(name)
        self.encoded: list[float] = []

    def encode_reference(self, reference: ImageBatch) -> ChannelBatch:
        self.encoded.append(float(reference.mean()))
        return reference.mean(dim=(2, 3))

    def features_nbytes(self, height: int, width: int) -> int:
        return 100

    def terms_against(self, distorted: ImageBatch, features: list[torch.Tensor]) -> dict[str, ScoreBatch]:
        self.batches.append(len(distorted))
        return {"score": (distorted.mean(dim=(2, 3)) - torch.cat(features)).abs().mean(dim=1)}


def plan_of(pairs: Sequence[Pair], *models: QualityModel, unread: Sequence[str] = ()) -> ScorePlan:
    """Pairs that are made already, to be scored by loaded models."""
    return plan_scores(Pairing(list(pairs), unread=list(unread)), None, list(models), options=ONE_WORKER)


def rows_into(file: ScoreFile, pairs: Sequence[Pair], *models: QualityModel) -> Iterator[ScoreRow]:
    return score_rows(plan_of(pairs, *models), models, file)


class WatchedFile(io.BytesIO):
    """An image file that tells when it is read."""

    def __init__(self, pixels: NDArray[Any], when_read: Callable[[], object]) -> None:
        super().__init__(pictures.png_bytes(pixels))
        self.when_read: Callable[[], object] | None = when_read

    def read(self, size: int | None = -1, /) -> bytes:
        if self.when_read is not None:
            self.when_read()
            self.when_read = None
        return super().read(size)


def picture(name: str, pixels: NDArray[Any]) -> NamedImage:
    return NamedImage(pixels, name, name)


def noise(seed: int, height: int = 8, width: int = 8) -> NDArray[Any]:
    return pictures.noise((height, width, 3), seed=seed)


def black(height: int = 8, width: int = 8) -> NDArray[Any]:
    return np.zeros((height, width, 3), np.uint8)


def pair_of(index: int, reference: NamedImage | None = None, *, height: int = 8, width: int = 8) -> Pair:
    """NamedImage ``index`` beside a reference, its own by default."""
    own = reference or picture(f"reference {index}", noise(1000 + index, height, width))
    return Pair(picture(f"image {index}", noise(index, height, width)), own)


def write_images(folder: Path, *names: str, size: tuple[int, int] = (8, 8), seed: int = 0) -> Path:
    """A folder of noise, an image a name."""
    for index, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pictures.write_png(folder / name, noise(seed + index, *size))
    return folder
