from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import acutance
from acutance.scoring.api import ScoreRows
from acutance.scoring.rows import ScoreRow
from tests.fakes.pictures import write_png


def scene(seed: int, height: int = 48, width: int = 56) -> NDArray[np.uint8]:
    """Something between noise and a photograph: blocks of 8 x 8 with a little noise."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(30, 220, (-(-height // 8), -(-width // 8), 3)).repeat(8, 0).repeat(8, 1)
    noise = generator.integers(-20, 21, (height, width, 3))
    return (blocks[:height, :width] + noise).astype(np.uint8)


def score_rows(images: list[Path], references: list[Path], models: list[str]) -> list[ScoreRow]:
    """What ``acutance.score`` says of files."""
    rows = acutance.score(images, reference=references, model=models)
    assert isinstance(rows, ScoreRows)
    return list(rows)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder of three pristine images: a.png, b.png, c.png."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        write_png(folder / f"{name}.png", scene(seed))
    return folder
