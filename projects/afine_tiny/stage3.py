"""afine-tiny's stage 3: five numbers learn how damage and fidelity make one score."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from acutance.training.losses import preference_loss
from acutance.training.start import frozen
from acutance.training.systems.afine import IMAGES, validation_pairs
from acutance.training.systems.afine_frozen import CombinationNetwork, FrozenStageTask, FrozenStageTraining
from acutance.training.task import Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import triplet_lists
from acutance.types import OnProgress
from projects.afine_tiny.start import BACKBONES, tiny_stage, trained_tiny

FROZEN = (*BACKBONES, "naturalness_head", "damage_head", "fidelity_head")
"""What the stages before trained."""


class Stage3Training(FrozenStageTraining):
    """Stage 3."""

    kind: Literal["projects.afine_tiny.stage3:Stage3Training"] = "projects.afine_tiny.stage3:Stage3Training"
    start: str | None = None
    """Folder or file of stage 2, whose networks are frozen here; random weights without."""
    k: float = Field(default=1.0)
    """First value of the adapter's k."""
    reference_weight: float = Field(default=1.0, ge=0)
    """What the order of the images and their reference counts beside that of the two images."""
    better_share: float = Field(default=0.25, gt=0, lt=1)
    """Of that, what images count that are better than their reference, however few they are."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return Stage3Task(self, folder)


class TinyCombinationNetwork(CombinationNetwork):
    """D of the three images of triplets, over frozen networks."""

    def forward(self, inputs: Inputs) -> Outputs:
        """``first``, ``second`` and ``reference`` (batch,), of rows (batch, 2), or of lists of 8-bit images."""
        rows = self.rows_of(inputs)
        return {name: self.score(rows[name], rows["reference"]) for name in IMAGES}


class Stage3Task(FrozenStageTask):
    """Stage 3.

    Args:
        config: Data and stage 2.
        folder: Of the run, where features are kept.
    """

    def __init__(self, config: Stage3Training, folder: Path) -> None:
        self._config = config
        self._model = frozen(tiny_stage(config.start, FROZEN))
        with torch.no_grad():
            self._model.adapter.k.fill_(config.k)
        super().__init__(config, folder, triplet_lists(config.data), TinyCombinationNetwork(self._model, FROZEN))

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Encode every pair once, and give the calibrators first values by what they see."""
        super().prepare(device, on_progress)
        rows = np.stack([self.features.row(*pair) for pair in validation_pairs(self._lists.validation)])
        raw, spread = np.median(rows, axis=0), rows.std(axis=0)
        with torch.no_grad():
            calibrators = (self._model.damage_calibrator, self._model.fidelity_calibrator)
            for calibrator, centre, scale in zip(calibrators, raw, spread, strict=True):
                calibrator.centre.fill_(float(centre))
                calibrator.scale.fill_(float(scale))

    def groups(self) -> list[ParameterGroup]:
        """The five numbers."""
        return [ParameterGroup("scalars", list(self.network.parameters()))]

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The fidelity loss of the two images, and of each and the reference, which may be the worse one."""
        images = preference_loss(outputs["first"], outputs["second"], labels["first_second"])
        each = torch.cat([outputs[name] for name in IMAGES[:2]])
        references = torch.cat([outputs["reference"]] * 2)
        wins = torch.cat([labels[f"{name}_reference"] for name in IMAGES[:2]])
        reference, share = each.new_zeros(()), self._config.better_share
        for some, weight in ((wins == 1, share), (wins == 0, 1 - share)):
            if bool(some.any()):
                reference = reference + weight * preference_loss(each[some], references[some], wins[some])
        loss = images + self._config.reference_weight * reference
        return {"loss": loss, "pictures": images, "reference": reference}

    def trained(self, network: nn.Module) -> TrainedModel:
        """afine-tiny, whole."""
        return trained_tiny(self._model, network)
