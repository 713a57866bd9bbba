"""afine-tiny with the smallest backbones, random weights, and synthetic images to train it with: seconds each."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.distortions import distort
from acutance.models.afine_tiny.entry import AFINETinyConfig
from acutance.models.afine_tiny.model import AFINETiny, AFINETinyNaturalness
from acutance.models.afine_tiny.preprocess import views_of

SMALLEST = AFINETinyConfig(stem=4, channels=(4, 6, 8, 10), blocks=(1, 1, 1, 1), hidden=8, whole_side=64)
LEVELS = {"gblur": (3, 4, 5), "noisegauss": (3, 5), "jpeg": (4, 5)}


def settled(model: AFINETinyNaturalness) -> AFINETinyNaturalness:
    """In evaluation mode, with running statistics of some images, so that nothing is all zero."""
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model.raw_naturalness(views_of(torch.rand(8, 3, 96, 96), 64))
    return model.eval()


def tiny_pair() -> AFINETiny:
    torch.manual_seed(0)
    model = AFINETiny(SMALLEST)
    settled(model)
    return model


def tiny_naturalness() -> AFINETinyNaturalness:
    torch.manual_seed(0)
    return settled(AFINETinyNaturalness(SMALLEST))


def photograph(seed: int, side: int = 80) -> np.ndarray:
    """Smooth shapes with an edge and some texture, uint8 (side, side, 3)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = sum(
        np.sin(random.uniform(2, 30) * (x * a + y * b))[..., None] * random.uniform(-1, 1, 3)
        for a, b in random.normal(size=(6, 2))
    )
    image = 0.5 + 0.12 * waves + 0.2 * (x > random.uniform(0.3, 0.7))[..., None]
    levels: np.ndarray = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return levels


def write_synthetic_images(root: Path, scenes: int = 6, part: str = "train") -> OpinionTable:
    """Pristine images, blurred, noisy and compressed ones of them with pseudo-MOS, in ``table.csv`` of a part."""
    folder = root / part
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows = []
    for scene in range(scenes):
        pristine = photograph(scene)
        reference = f"images/{scene}.png"
        Image.fromarray(pristine).save(folder / reference)
        for kind, levels in LEVELS.items():
            for level in levels:
                image = f"images/{scene}_{kind}_{level}.png"
                Image.fromarray(np.asarray(distort(pristine, kind, level, seed=scene))).save(folder / image)
                rows.append(
                    RatedImage(
                        image=image,
                        reference=reference,
                        mos=round(1 - 0.15 * level - 0.01 * len(kind), 3),
                        low=0.0,
                        high=1.0,
                        distortion=kind,
                        level=level,
                        scene=str(scene),
                    )
                )
    table = OpinionTable(rows, folder, "made")
    write_table(table, folder / "table.csv")
    return table
