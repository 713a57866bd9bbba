"""Images that the tests of the classic metrics score."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tests.unit.models.classic.oracles import ImageArray

EXAMPLES = Path(__file__).parents[4] / "examples"
PAIRS = {"astronaut": "jpeg10", "coffee": "blur", "chelsea": "noise"}


def example_pair(name: str) -> tuple[ImageArray, ImageArray]:
    """Distorted image and reference, (height, width, 3) in 0..255."""
    return read(f"distorted/{name}_{PAIRS[name]}.png"), read(f"reference/{name}.png")


def read(path: str) -> ImageArray:
    with Image.open(EXAMPLES / path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float64)


def as_batch(picture: ImageArray) -> Tensor:
    """(height, width, 3) in 0..255 to (1, 3, height, width) in [0, 1], float32."""
    return torch.tensor(picture / 255, dtype=torch.float32).permute(2, 0, 1)[None]


def reference_batch() -> Tensor:
    """A crop with odd sides, large enough for every metric: (1, 3, 173, 201)."""
    return as_batch(read("reference/coffee.png")[:173, :201])


def with_noise(images: Tensor, deviation: float, seed: int = 0) -> Tensor:
    """Gaussian noise, rounded to 8 bits."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed), dtype=images.dtype)
    return ((images + deviation * noise).clamp(0, 1) * 255).round() / 255
