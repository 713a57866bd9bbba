from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acutance.images import read_image

EXAMPLES = Path(__file__).parents[3] / "examples" / "reference"


@pytest.fixture(scope="session")
def examples() -> dict[str, NDArray[np.uint8]]:
    """The three example images, uint8."""
    return {path.stem: read_image(path) for path in sorted(EXAMPLES.glob("*.png"))}


@pytest.fixture(scope="session")
def crop(examples: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """A part of an example that is quick to distort, shape (72, 96, 3), uint8."""
    return np.ascontiguousarray(examples["coffee"][100:172, 120:216])
