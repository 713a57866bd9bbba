"""afine-tiny's stages 2 and 3: fidelity, and how it makes one score with naturalness, over frozen trunks."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from acutance.models.afine_tiny.model import AFINETiny
from acutance.training.afine_start import frozen
from acutance.training.task import OnProgress, ParameterGroup, TrainedModel
from acutance.training.tasks.afine import validation_pairs
from acutance.training.tasks.afine_frozen import FrozenStageTask, FrozenStageTraining
from acutance.training.tasks.afine_stage2 import FidelityNetwork
from acutance.training.tasks.afine_stage3 import CombinationNetwork
from acutance.training.tiny_start import MODEL, tiny_stage
from acutance.training.triplet_data import triplet_lists

TRUNKS = ("whole", "detail")
"""What makes levels."""


class AFINETinyStage2Training(FrozenStageTraining):
    """Stage 2."""

    kind: Literal["afine_tiny_stage2"] = "afine_tiny_stage2"
    start: str | None = None
    """Folder or file of stage 1, whose trunks are frozen here; random weights without."""


class AFINETinyStage3Training(FrozenStageTraining):
    """Stage 3."""

    kind: Literal["afine_tiny_stage3"] = "afine_tiny_stage3"
    start: str | None = None
    """Folder or file of stage 2, whose networks are frozen here; random weights without."""
    k: float = Field(default=1.0)
    """First value of the adapter's k."""


class AFINETinyStage2Task(FrozenStageTask):
    """Stage 2.

    Args:
        config: Data and stage 1.
        folder: Of the run, where features are kept.
    """

    rows_used: ClassVar[tuple[str, ...]] = ("first", "second")

    def __init__(self, config: AFINETinyStage2Training, folder: Path) -> None:
        self._model = frozen(tiny_stage(config.start, (*TRUNKS, "naturalness_head")))
        super().__init__(config, folder, triplet_lists(config.data), FidelityNetwork(self._model, TRUNKS))

    def trained(self, network: nn.Module) -> TrainedModel:
        """afine-tiny with the trained fidelity; what stage 3 learns has its first values."""
        return _trained(self._model, network)


class AFINETinyStage3Task(FrozenStageTask):
    """Stage 3.

    Args:
        config: Data and stage 2.
        folder: Of the run, where features are kept.
    """

    def __init__(self, config: AFINETinyStage3Training, folder: Path) -> None:
        parts = (*TRUNKS, "naturalness_head", "fidelity_head")
        self._model = frozen(tiny_stage(config.start, parts))
        with torch.no_grad():
            self._model.adapter.k.fill_(config.k)
        super().__init__(config, folder, triplet_lists(config.data), CombinationNetwork(self._model, parts))

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Encode every pair once, and give the calibrators first values by what they see."""
        super().prepare(device, on_progress)
        rows = np.stack([self.features.row(*pair) for pair in validation_pairs(self._lists.validation)])
        raw, spread = np.median(rows, axis=0), rows.std(axis=0)
        with torch.no_grad():
            calibrators = (self._model.naturalness_calibrator, self._model.fidelity_calibrator)
            for calibrator, centre, scale in zip(calibrators, raw, spread, strict=True):
                calibrator.centre.fill_(float(centre))
                calibrator.scale.fill_(float(scale))

    def groups(self) -> list[ParameterGroup]:
        """The five numbers."""
        return [ParameterGroup("scalars", list(self.network.parameters()))]

    def trained(self, network: nn.Module) -> TrainedModel:
        """afine-tiny, whole."""
        return _trained(self._model, network)


def _trained(model: AFINETiny, network: nn.Module) -> TrainedModel:
    own: dict[str, Any] = model.state_dict() | network.state_dict()
    return TrainedModel(name=MODEL, tensors=own, config=model.config())
