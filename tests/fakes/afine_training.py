"""A-FINE's three stages in small: a tiny encoder, a few synthesized images, and a run of each stage."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import nn

from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.layers.clip import ClipImageEncoder
from acutance.models.afine.model import AFINE, AFINENaturalness
from acutance.training.config import ConstantSchedule, LoopConfig, OptimizerConfig
from acutance.training.run import train
from acutance.training.run_folder import RunFolder
from acutance.training.systems.afine import AFINEStage1Task, AFINEStage1Training
from acutance.training.systems.afine_frozen import (
    AFINEStage2Task,
    AFINEStage2Training,
    AFINEStage3Task,
    AFINEStage3Training,
)
from acutance.training.task import Task
from acutance.training.triplets import TripletData, TripletSource
from acutance.types import OnProgress

LEVELS = 4
SCENES = {"a": (64, 96, "train"), "b": (96, 64, "train"), "c": (64, 64, "validation"), "d": (32, 64, "test")}
"""Height, width and part of each reference; blurred and noisy, four levels each: 16 distorted images train."""


def write_triplet_set(root: Path) -> Path:
    """Write the images and their table ``rated.csv``, the path of which comes back; opinions fall with the level."""
    random = np.random.default_rng(3)
    rows = []
    for scene, (height, width, part) in SCENES.items():
        plain = gaussian_filter(random.uniform(-900, 1100, (height, width, 3)), (2, 2, 0)) + 40
        _save(root / f"{scene}.png", plain)
        for kind in ("blur", "noise"):
            for level in range(1, LEVELS + 1):
                name = f"{scene}_{kind}{level}.png"
                noisy = plain + random.normal(0, 12.0 * level, plain.shape)
                _save(root / name, gaussian_filter(plain, (level, level, 0)) if kind == "blur" else noisy)
                mos = 5 - level + (0.25 if kind == "blur" else 0.0)
                rows.append(
                    RatedImage(image=name, reference=f"{scene}.png", mos=mos, scene=scene, split=part, level=level)
                )
    write_table(OpinionTable(rows, root, "rated"), root / "rated.csv")
    return root / "rated.csv"


def triplet_data(table: Path, **settings: Any) -> TripletData:
    return TripletData(sources=(TripletSource(dataset=str(table)),), **settings)


def tiny_encoder() -> ClipImageEncoder:
    return ClipImageEncoder(embed_dim=48, depth=2, num_heads=3)


def tiny_naturalness(seed: int = 5) -> AFINENaturalness:
    torch.manual_seed(seed)
    return AFINENaturalness(tiny_encoder())


def tiny_afine(seed: int = 5) -> AFINE:
    torch.manual_seed(seed)
    return AFINE(tiny_encoder())


def stage_task(stage: int, table: Path, folder: Path, model: AFINENaturalness | None = None, **settings: Any) -> Task:
    """A stage with a tiny encoder."""
    given = {"data": triplet_data(table), **settings}
    if stage == 1:
        return AFINEStage1Task(AFINEStage1Training(**given), model or tiny_naturalness())
    whole = model or tiny_afine()
    assert isinstance(whole, AFINE)
    if stage == 2:
        return AFINEStage2Task(AFINEStage2Training(**given), folder, whole)
    return AFINEStage3Task(AFINEStage3Training(**given), folder, whole)


def run_stage(
    stage: int,
    table: Path,
    folder: Path,
    *,
    task: Mapping[str, Any] | None = None,
    model: Callable[[], AFINENaturalness] | None = None,
    kind: Literal["adamw", "sgd"] = "adamw",
    rate: float = 1e-3,
    resume: bool = False,
    on_prepare: OnProgress | None = None,
    **loop: Any,
) -> tuple[RunFolder, nn.Module]:
    """Train a stage with a tiny encoder; the folder and what was trained."""
    chosen = LoopConfig(**{"iterations": 6, "batch_size": 6, "workers": 0, "device": "cpu", **loop})
    made: list[Task] = []

    def build() -> Task:
        made.append(stage_task(stage, table, folder, model() if model else None, **(task or {})))
        return made[0]

    run = train(
        build,
        optimizer=OptimizerConfig(kind=kind, learning_rate=rate, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=ConstantSchedule(),
        loop=chosen,
        folder=folder,
        config={"loop": chosen.model_dump(mode="json")},
        resume=resume,
        on_prepare=on_prepare,
    )
    return run, made[0].network


def _save(path: Path, pixels: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)).save(path)


if __name__ == "__main__":  # python -m tests.fakes.afine_training STAGE TABLE FOLDER PROCESSES
    place, processes = Path(sys.argv[3]), int(sys.argv[4])
    _, network = run_stage(
        int(sys.argv[1]), Path(sys.argv[2]), place, processes=processes, kind="sgd", rate=0.1, validate_every=6
    )
    rank = torch.distributed.get_rank() if processes > 1 else 0
    torch.save(network.state_dict(), place / f"rank{rank}.pth")
