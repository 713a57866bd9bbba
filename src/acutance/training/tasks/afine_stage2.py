"""A-FINE's stage 2: the fidelity head learns how much the mean and the structure of each channel count."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from acutance.models.afine.model import AFINE
from acutance.models.afine.pairs import AdaptivePair
from acutance.models.afine.statistics import PairMoments
from acutance.training.afine_files import publish_stage2
from acutance.training.afine_start import frozen, load_parts
from acutance.training.task import TrainedModel
from acutance.training.tasks.afine_frozen import FrozenStageTask, FrozenStageTraining, PairNetwork
from acutance.training.tasks.afine_pairs import FrozenNetworks
from acutance.training.triplet_data import triplet_lists


class AFINEStage2Training(FrozenStageTraining):
    """Stage 2."""

    kind: Literal["afine_stage2"] = "afine_stage2"
    start: str | tuple[str, ...] | None = None
    """Folder or file of stage 1, ours or the authors', whose CLIP is frozen here; it cannot be left out. Several hold a
    part each."""


class FidelityNetwork(PairNetwork):
    """Raw fidelity, over a frozen encoder.

    Args:
        model: Its fidelity head learns, its trunks do not.
        frozen_parts: What its levels depend on.
    """

    def __init__(self, model: AdaptivePair, frozen_parts: tuple[str, ...] = ("encoder",)) -> None:
        super().__init__(FrozenNetworks(model, distances, frozen_parts, (2, len(model.fidelity_head.alpha))))
        self.fidelity_head = model.fidelity_head.requires_grad_(requires_grad=True)

    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """Raw fidelity (pairs,) of the distances (pairs, 2, channels) of means and structures."""
        return self.fidelity_head.weigh(rows[:, 0], rows[:, 1])


class AFINEStage2Task(FrozenStageTask):
    """Stage 2.

    Args:
        config: Data and stage 1.
        folder: Of the run, where features are kept.
        model: With the frozen encoder and naturalness head; by default those of stage 1, whose head may be left out.
    """

    rows_used: ClassVar[tuple[str, ...]] = ("first", "second")

    def __init__(self, config: AFINEStage2Training, folder: Path, model: AFINE | None = None) -> None:
        self._has_naturalness = True
        if model is None:
            model, parts = load_parts(config.start, trained=["encoder"], also=["naturalness_head"])
            self._has_naturalness = "naturalness_head" in parts
        self._model = frozen(model)
        super().__init__(config, folder, triplet_lists(config.data), FidelityNetwork(self._model))

    def trained(self, network: nn.Module) -> TrainedModel:
        """A-FINE with the trained head; what stage 3 learns has its first values.

        Without the naturalness head of stage 1 it is the half that compares.
        """
        own: dict[str, Any] = self._model.state_dict() | network.state_dict()
        if self._has_naturalness:
            return TrainedModel(name="afine", tensors=own, config={})
        half = {name: value for name, value in own.items() if name.startswith(("encoder.", "fidelity_"))}
        return TrainedModel(name="afine", tensors=half, config={}, scores_as="afine-fidelity")

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """``net_dhead.pth``."""
        return publish_stage2(self.trained(network).tensors, folder)


def distances(model: AdaptivePair, pairs: PairMoments) -> Tensor:
    """Distances (pairs, 2, channels) of means and structures."""
    return torch.stack(model.fidelity_head.distances(pairs), dim=1)
