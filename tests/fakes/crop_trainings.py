"""Trainings of tiny HyperIQA and MS-HyperIQA on small synthetic images: seconds each."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.models.hyperiqa.weights import HyperIQAConfig
from acutance.models.ms_hyperiqa.weights import MSHyperIQAConfig
from acutance.training.config import LoopConfig, OptimizerConfig, Schedule
from acutance.training.data import DataConfig
from acutance.training.recipes import find_recipe
from acutance.training.run import train
from acutance.training.run_folder import RunFolder
from acutance.training.systems.hyperiqa import CropTask, HyperIQATraining, MSHyperIQATraining
from tests.fakes.tiny_hyperiqa import TINY

CropSettings = HyperIQATraining | MSHyperIQATraining
TINY_SETTINGS = (
    "task.start=none",
    "task.model.trunk_blocks=[1,1,1,1]",
    "task.model.trunk_channels=[4,8,12,16]",
    "task.model.resize=null",
    "task.crops=2",
    "task.validation_crops=2",
    "loop.batch_size=8",
    "loop.epochs=2",
    "loop.workers=1",
    "loop.device=cpu",
)
"""What makes a recipe a matter of seconds."""
SIZE = (232, 248)
PARTS = {"train": 16, "validation": 4, "test": 2}


def write_rated_images(root: Path, parts: dict[str, int] | None = None, size: tuple[int, int] = SIZE) -> OpinionTable:
    """Images without references, more and more blurred ones between sharp ones, and their table in ``table.csv``."""
    random = np.random.default_rng(3)
    rows = []
    for part, count in (PARTS if parts is None else parts).items():
        for index in range(count):
            blur = float(random.uniform(0, 4))
            noise = random.uniform(0, 255, (*size, 3))
            pixels = gaussian_filter(noise, (blur, blur, 0))
            image = f"images/{part}_{index:02}.png"
            (root / "images").mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.rint(pixels).astype(np.uint8)).save(root / image)
            rows.append(
                RatedImage(image=image, mos=round(100 - 20 * blur, 2), low=0.0, high=100.0, scene=image, split=part)
            )
    table = OpinionTable(rows, root, "made")
    write_table(table, root / "table.csv")
    return table


def made_data(root: Path, **settings: Any) -> DataConfig:
    if not (root / "table.csv").exists():
        write_rated_images(root)
    return DataConfig(**{"dataset": str(root / "table.csv"), **settings})


def crop_training(kind: str, data: DataConfig, *, model: dict[str, Any] | None = None, **settings: Any) -> CropSettings:
    """Settings of a tiny training; what is given changes them."""
    chosen = {**TINY, **(model or {})}
    fields: dict[str, Any] = {"data": data, "start": "none", "crops": 1, "validation_crops": 2, **settings}
    if kind == "hyperiqa":
        return HyperIQATraining(model=HyperIQAConfig(**chosen), **fields)
    return MSHyperIQATraining(model=MSHyperIQAConfig(**chosen), **fields)


def run(
    settings: CropSettings,
    folder: Path,
    *,
    rate: float = 1e-3,
    schedule: Schedule | None = None,
    resume: bool = False,
    **loop: Any,
) -> RunFolder:
    """Train; what is given changes the loop."""
    chosen = LoopConfig(**{"epochs": 2, "batch_size": 8, "workers": 0, "device": "cpu", **loop})
    return train(
        lambda: CropTask(settings),
        optimizer=OptimizerConfig(kind="adam", learning_rate=rate),
        schedule=schedule or find_recipe("ms-hyperiqa-koniq10k").schedule,
        loop=chosen,
        folder=folder,
        config={"task": settings.model_dump(mode="json"), "loop": chosen.model_dump(mode="json")},
        resume=resume,
    )


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics of a run."""
    return list(json.loads((folder / "metrics.json").read_text())["epochs"])
