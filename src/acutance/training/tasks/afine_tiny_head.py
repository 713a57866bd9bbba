"""afine-tiny's head: what naturalness the means and deviations of whole pictures have, over frozen trunks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from acutance.models.afine.statistics import Moments
from acutance.models.afine_tiny.head import MomentsHead
from acutance.models.afine_tiny.model import quality
from acutance.training.afine_start import frozen
from acutance.training.feature_file import digest
from acutance.training.picture_features import PictureFeatures
from acutance.training.task import Batch, Inputs, OnProgress, Outputs, ParameterGroup, TrainedModel
from acutance.training.tasks.afine import LABELS, PICTURES, accuracies, validation_pairs
from acutance.training.tasks.afine_tiny_stages import TRUNKS
from acutance.training.tasks.tiny_naturalness import TinyNaturalnessTask, TinyNaturalnessTraining, pictures_of
from acutance.training.tiny_start import MODEL, tiny_stage
from acutance.training.validation import correlations

HEAD = "naturalness_head"
"""What learns."""


class AFINETinyHeadTraining(TinyNaturalnessTraining):
    """Settings."""

    kind: Literal["afine_tiny_head"] = "afine_tiny_head"
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of the inputs and hidden numbers that are left out."""


class HeadNetwork(nn.Module):
    """A head anew, whose inputs are normalised by what they are over the photographs that train.

    Args:
        channels: Of all levels together.
        hidden: Width of the head.
        dropout: Share of numbers that are left out.
    """

    def __init__(self, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.head = MomentsHead(channels, hidden, dropout)

    def train(self, mode: bool = True) -> "HeadNetwork":  # noqa: FBT001, FBT002 (as in torch)
        """As any module, but the statistics of the inputs stay what they are."""
        super().train(mode)
        self.head.norm.eval()
        return self

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,) in (0, 1); of triplets raw ``first``, ``second`` and ``reference`` (batch,).

        Of ``photograph`` (batch, 2, channels) and ``made`` (batch, 3, 2, channels), where there are triplets.
        """
        outputs = {"score": quality(self.raw(inputs["photograph"])) / 100}
        if "made" in inputs:
            raw = self.raw(inputs["made"].flatten(0, 1)).view(-1, len(PICTURES))
            outputs |= dict(zip(PICTURES, raw.unbind(1), strict=True))
        return outputs

    def raw(self, rows: Tensor) -> Tensor:
        """Raw naturalness (pictures,), lower is better, of rows (pictures, 2, channels)."""
        found: Tensor = self.head(Moments([rows[:, 0]], [rows[:, 1]]))
        return found


class AFINETinyHeadTask(TinyNaturalnessTask):
    """The head.

    Args:
        config: Settings.
        folder: Of the run, where features are kept.
    """

    def __init__(self, config: AFINETinyHeadTraining, folder: Path) -> None:
        super().__init__(config, folder)
        self._model = frozen(tiny_stage(config.start, TRUNKS))
        channels = sum(self._model.level_channels)
        hidden = self._model.naturalness_head.hidden.out_features
        self.network: HeadNetwork = HeadNetwork(channels, hidden, config.dropout)
        validation = () if self._lists is None else validation_pairs(self._lists.validation)
        self._features = PictureFeatures(
            [
                *self._train.paths(),
                *self._validation.paths(),
                *self.made_pictures(),
                *(path for path, _ in validation),
            ],
            self._store,
            self._kept_in,
            (2, channels),
            {"views": self._model.preprocessing(), "weights": digest(self._model.state_dict(), TRUNKS)},
        )

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Describe every picture once, and normalise by the photographs that train."""
        self._features.fill(self._model.to(device).moments, device, on_progress)
        rows = self._features.stacked(self._train.paths()).double()
        inputs = self.network.head.inputs(Moments([rows[:, 0]], [rows[:, 1]]))
        norm = self.network.head.norm
        with torch.no_grad():
            variance, mean = torch.var_mean(inputs, 0)
            for known, found in ((norm.running_mean, mean), (norm.running_var, variance)):
                if known is not None:
                    known.copy_(found)

    def groups(self) -> list[ParameterGroup]:
        """The head."""
        return [ParameterGroup("head", list(self.network.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The row of a photograph and its opinion, and those of a triplet drawn at random."""
        row = self._features.of(self._train.path(self._train.rows[index].image))
        sample: dict[str, Any] = {"photograph": row, "score": self._labels.values[index]}
        if self._lists is not None:
            triplet = self._lists.train[int(generator.integers(len(self._lists.train)))]
            sample |= {
                "made": np.stack([self._features.of(path) for path in pictures_of(triplet)]),
                "labels": triplet.labels,
            }
        return sample

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Rows (batch, ...) and labels."""
        names = ("photograph",) if self._lists is None else ("photograph", "made")
        inputs = {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in names}
        labels = {"score": torch.tensor([float(sample["score"]) for sample in samples])}
        if self._lists is not None:
            wins = torch.tensor([sample["labels"] for sample in samples], dtype=torch.float64)
            labels |= dict(zip(LABELS, wins.T.contiguous(), strict=True))
        return Batch(inputs, labels)

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC over photographs, and the accuracy of the raw naturalness over triplets, as they are scored."""
        known: Any = network
        device = next(network.parameters()).device
        found: dict[str, float] = {}
        if len(self._validation):
            raw = known.raw(self._features.stacked(self._validation.paths()).to(device))
            found |= correlations(quality(raw).double().cpu().numpy(), self._validation)
        if self._lists is not None:
            pairs = validation_pairs(self._lists.validation)
            paths = list(dict.fromkeys(path for path, _ in pairs))
            raws = dict(zip(paths, known.raw(self._features.stacked(paths).to(device)).tolist(), strict=True))
            found |= accuracies(self._lists.validation, {pair: raws[pair[0]] for pair in pairs}, 0.0)
        return found

    def trained(self, network: nn.Module) -> TrainedModel:
        """The no-reference half of afine-tiny."""
        part: Any = network
        own = {f"{HEAD}.{name}": value for name, value in part.head.state_dict().items()}
        tensors: dict[str, Any] = {
            name: value
            for name, value in self._model.state_dict().items()
            if name.startswith((*(f"{trunk}." for trunk in TRUNKS), "naturalness_"))
        }
        return TrainedModel(
            name=MODEL, tensors=tensors | own, config=self._model.config(), scores_as="afine-tiny-naturalness"
        )
