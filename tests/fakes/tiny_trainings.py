"""Trainings of tiny VTAMIQ and AHIQ on small synthetic images: seconds each."""

import json
from pathlib import Path
from typing import Any

from acutance.models.ahiq.weights import AHIQConfig
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.training.config import ConstantSchedule, LoopConfig, OptimizerConfig, Schedule
from acutance.training.data import DataConfig
from acutance.training.run import train
from acutance.training.run_folder import RunFolder
from acutance.training.systems.ahiq import AHIQTask, AHIQTraining
from acutance.training.systems.vtamiq import PatchDraws, VTAMIQRatings, VTAMIQTraining
from acutance.training.systems.vtamiq_preferences import PreferenceData, VTAMIQPreferences, VTAMIQPreferenceTraining
from acutance.training.task import Task
from tests.fakes.datasets.files import write_lines
from tests.fakes.rated_set import TABLE, write_rated_set

TinySettings = VTAMIQTraining | VTAMIQPreferenceTraining | AHIQTraining

TINY_VTAMIQ: dict[str, Any] = {
    "width": 48,
    "heads": 3,
    "mlp_width": 96,
    "layers": 2,
    "registers": 2,
    "groups": 1,
    "blocks": 2,
    "reduction": 4,
}
TINY_AHIQ: dict[str, Any] = {
    "side": 16,
    "token_width": 24,
    "heads": 2,
    "cnn_width": 4,
    "fusion_width": 8,
    "reduced_width": 8,
    "smoothing_width": 16,
    "rating_width": 8,
}
STILL: dict[str, Any] = {"predictor_dropout": 0.0, "group_drop": 0.0}
"""VTAMIQ without anything random in the network."""


def rated_data(root: Path, *, references: int = 3) -> DataConfig:
    """A set of eight images a reference; one reference validates, so that by default 16 images train."""
    if not (root / TABLE).exists():
        write_rated_set(root, references=references)
    return DataConfig(dataset=str(root / TABLE), validation_share=1 / references + 0.01)


def vtamiq_task(data: DataConfig, *, model: dict[str, Any] | None = None, **settings: Any) -> VTAMIQTraining:
    network = VTAMIQConfig(**{**TINY_VTAMIQ, **(model or {})})
    return VTAMIQTraining(**{"data": data, "model": network, **_PATCHES, **settings})


def preference_task(root: Path, *, model: dict[str, Any] | None = None, **settings: Any) -> VTAMIQPreferenceTraining:
    network = VTAMIQConfig(**{**TINY_VTAMIQ, **(model or {})})
    return VTAMIQPreferenceTraining(
        **{"data": PreferenceData(root=str(root)), "model": network, **_PATCHES, **settings}
    )


def ahiq_task(data: DataConfig, *, model: dict[str, Any] | None = None, **settings: Any) -> AHIQTraining:
    return AHIQTraining(**{"data": data, "model": AHIQConfig(**{**TINY_AHIQ, **(model or {})}), **settings})


def write_preferences(root: Path) -> None:
    """PieAPP's layout over a small rated set: of each reference's images the less distorted one is preferred."""
    table = write_rated_set(root / "set", references=3)
    for number, scene in enumerate(("r0", "r1", "r2")):
        part = "val" if number == 2 else "train"
        rows = [row for row in table if row.scene == scene]
        _link(table.path(str(rows[0].reference)), root / f"reference_images/{part}/{scene}.png")
        for row in rows:
            _link(table.path(row.image), root / f"distorted_images/{part}/{scene}" / Path(row.image).name)
        lines = ["ref. image, distorted image A, distorted image B, raw preference for A, processed preference for A"]
        for first, second in zip(rows[:4], rows[3::-1], strict=True):
            share = 0.5 if first is second else 0.9 if (first.level or 0) < (second.level or 0) else 0.1
            names = (f"{scene}.png", Path(first.image).name, Path(second.image).name)
            lines.append(",".join((*names, "", str(share))))
        write_lines(root / f"labels/{part}/{scene}_pairwise_labels.csv", lines)


def task_of(settings: TinySettings) -> Task:
    """What is trained."""
    if isinstance(settings, AHIQTraining):
        return AHIQTask(settings)
    return VTAMIQRatings(settings) if isinstance(settings, VTAMIQTraining) else VTAMIQPreferences(settings)


def run(
    settings: TinySettings,
    folder: Path,
    *,
    rate: float = 1e-3,
    schedule: Schedule = ConstantSchedule(),  # noqa: B008 (frozen)
    resume: bool = False,
    **loop: Any,
) -> RunFolder:
    """Train; what is given changes the loop."""
    chosen = LoopConfig(**{"epochs": 2, "batch_size": 8, "workers": 0, "device": "cpu", **loop})
    return train(
        lambda: task_of(settings),
        optimizer=OptimizerConfig(learning_rate=rate),
        schedule=schedule,
        loop=chosen,
        folder=folder,
        config={"task": settings.model_dump(mode="json"), "loop": chosen.model_dump(mode="json")},
        resume=resume,
    )


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics of a run."""
    return list(json.loads((folder / "metrics.json").read_text())["epochs"])


_PATCHES: dict[str, Any] = {
    "draws": PatchDraws(patches=9),
    "validation": VTAMIQViews(protocol="grid", patches=9, repeats=2),
}


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
