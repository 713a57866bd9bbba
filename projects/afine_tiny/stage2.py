"""afine-tiny's stage 2: fidelity, and what tells an image from worse copies of it, over frozen backbones."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.models.afine.heads import AdaptivePair, PairMoments
from acutance.models.afine_tiny.model import AFINETiny
from acutance.training.losses import preference_loss
from acutance.training.start import frozen
from acutance.training.systems.afine import IMAGES, validation_pairs
from acutance.training.systems.afine_frozen import FrozenStageTask, FrozenStageTraining, PairNetwork
from acutance.training.systems.afine_pairs import FrozenNetworks
from acutance.training.task import Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import triplet_lists
from acutance.types import OnProgress
from projects.afine_tiny.start import BACKBONES, tiny_stage, trained_tiny

FROZEN = (*BACKBONES, "naturalness_head")
"""What the stages before trained."""


class Stage2Training(FrozenStageTraining):
    """Stage 2."""

    kind: Literal["projects.afine_tiny.stage2:Stage2Training"] = "projects.afine_tiny.stage2:Stage2Training"
    start: str | None = None
    """Folder or file of the head's training, whose networks are frozen here; random weights without."""
    damage_rate: float = 1.0
    """How many times the rate of fidelity the damage head learns with."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return Stage2Task(self, folder)


class CopyNetwork(PairNetwork):
    """Raw fidelity and raw damage, over frozen backbones and naturalness.

    Args:
        model: Its fidelity and damage heads learn, everything else does not.
    """

    def __init__(self, model: AFINETiny) -> None:
        self._channels = len(model.fidelity_head.alpha)
        numbers = 2 * self._channels + model.damage_head.inputs + 1
        super().__init__(FrozenNetworks(model, copy_rows, FROZEN, (numbers,)))
        self.fidelity_head = model.fidelity_head.requires_grad_(requires_grad=True)
        self.damage_head = model.damage_head.requires_grad_(requires_grad=True)

    def forward(self, inputs: Inputs) -> Outputs:
        """Raw fidelity ``first`` and ``second``, and raw damage of all three images, (batch,) each."""
        rows = self.rows_of(inputs)
        damages = self.damage(torch.cat([rows[name] for name in IMAGES])).chunk(len(IMAGES))
        return {
            **{name: self.score(rows[name], None) for name in IMAGES[:2]},
            **{f"damage_{name}": damage for name, damage in zip(IMAGES, damages, strict=True)},
        }

    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """Raw fidelity (pairs,) of rows (pairs, numbers)."""
        means, structures = rows[:, : self._channels], rows[:, self._channels : 2 * self._channels]
        return self.fidelity_head.weigh(means, structures)

    def damage(self, rows: Tensor) -> Tensor:
        """Raw damage (pairs,) of rows (pairs, numbers)."""
        added: Tensor = self.damage_head(rows[:, 2 * self._channels : -1])
        return rows[:, -1] + added


class Stage2Task(FrozenStageTask):
    """Stage 2.

    Args:
        config: Data and what is frozen.
        folder: Of the run, where features are kept.
    """

    network: CopyNetwork

    def __init__(self, config: Stage2Training, folder: Path) -> None:
        self._config = config
        self._model = frozen(tiny_stage(config.start, FROZEN))
        super().__init__(config, folder, triplet_lists(config.data), CopyNetwork(self._model))

    def groups(self) -> list[ParameterGroup]:
        """Both heads."""
        return [
            ParameterGroup("fidelity", list(self.network.fidelity_head.parameters())),
            ParameterGroup("damage", list(self.network.damage_head.parameters()), self._config.damage_rate),
        ]

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Fidelity by the order of the two images; damage by that of each and the reference.

        The logistic loss does not forget those that are quite wrong, which the fidelity loss of preferences does.
        """
        fidelity = preference_loss(outputs["first"], outputs["second"], labels["first_second"])
        each = [
            functional.binary_cross_entropy_with_logits(
                outputs["damage_reference"] - outputs[f"damage_{name}"], labels[f"{name}_reference"].float()
            )
            for name in IMAGES[:2]
        ]
        damage = torch.stack(each).mean()
        return {"loss": fidelity + damage, "fidelity": fidelity, "damage": damage}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Accuracy of fidelity by dataset, ``fidelity`` their mean, that of damage, and the mean of both."""
        found = super().validate(network, on_progress)
        fidelity, damage = found["accuracy"], self._damage_accuracy(network)
        return {**found, "accuracy_fidelity": fidelity, "accuracy_damage": damage, "accuracy": (fidelity + damage) / 2}

    @torch.no_grad()
    def _damage_accuracy(self, network: nn.Module) -> float:
        """Share of distorted images that look more damaged than their reference."""
        damage: Any = network.damage
        device = next(network.parameters()).device
        pairs = [pair for pair in validation_pairs(self._lists.validation) if pair[0] != pair[1]]
        both = ([*pairs], [(reference, reference) for _, reference in pairs])
        images, references = (damage(self.features.stacked(some, device)).cpu().numpy() for some in both)
        return float(np.mean(images > references))

    def trained(self, network: nn.Module) -> TrainedModel:
        """afine-tiny with the trained heads; what stage 3 learns has its first values."""
        return trained_tiny(self._model, network)


def copy_rows(model: AdaptivePair, pairs: PairMoments) -> Tensor:
    """Rows (pairs, numbers): distances of means and structures, what heads see of the image, its raw naturalness."""
    seen = model.naturalness_head.directed(pairs.distorted)
    raw = model.naturalness_head.regressor(seen)
    return torch.cat([*model.fidelity_head.distances(pairs), seen, raw[:, None]], dim=1)
