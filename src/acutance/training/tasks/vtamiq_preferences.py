"""VTAMIQ in training on preferences: which of two pictures people take for nearer to the reference (PieAPP)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.errors import StatisticsError
from acutance.stats.correlation import srcc
from acutance.stats.preferences import two_alternative_accuracy
from acutance.training.pictures import Pixels, read_ahead
from acutance.training.preference_data import PreferenceData, pictures_of, preference_tables
from acutance.training.references import PairScorer
from acutance.training.task import Batch, Labels, Outputs
from acutance.training.tasks.vtamiq_base import VTAMIQSettings, VTAMIQTask
from acutance.training.tasks.vtamiq_patches import patch_inputs, patch_sample
from acutance.training.validation import as_images
from acutance.training.vtamiq_losses import preference
from acutance.types import OnProgress


class VTAMIQPreferenceTraining(VTAMIQSettings):
    """VTAMIQ on preferences."""

    kind: Literal["vtamiq_preferences"] = "vtamiq_preferences"
    data: PreferenceData = PreferenceData()
    """Pairs of pictures."""
    error: Literal["squared", "absolute"] = "squared"
    """Of the predicted preference: squared until 2022, absolute in the authors' present code."""


class VTAMIQPreferences(VTAMIQTask):
    """VTAMIQ on preferences: the probability of the first picture is ``sigmoid(second - first)``, for low is good.

    Args:
        config: Data, network and loss.
    """

    select_by = "mae"
    select = "lowest"

    def __init__(self, config: VTAMIQPreferenceTraining) -> None:
        tables = preference_tables(config.data)
        self._root, self._train, self._validation = tables.root, tables.train, tables.validation
        self._error = config.error
        super().__init__(config)

    def __len__(self) -> int:
        return len(self._train)

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The patches of a reference and of two pictures, and the share of people for the first."""
        pair = self._train[index]
        pictures = [self._read(name) for name in (pair.reference, pair.first, pair.second)]
        patches = patch_sample(pictures, self._settings.draws, self._settings.model, generator)
        return {**patches, "preference": pair.first_wins}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Patches (batch, 3, patches, 3, 16, 16), the reference first, and shares (batch,)."""
        shares = torch.tensor([float(sample["preference"]) for sample in samples])
        return Batch(patch_inputs(samples), {"preference": shares})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The error of the predicted preference."""
        predicted = preference(outputs["first"].float(), outputs["second"].float())
        error = functional.mse_loss if self._error == "squared" else functional.l1_loss
        return {"loss": error(predicted, labels["preference"])}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Mean absolute error and SRCC of predicted preferences, and the mean share of people on the model's side."""
        scores = self._scores(network.model, on_progress)
        shares = np.array([pair.first_wins for pair in self._validation], dtype=np.float64)
        first = np.array([scores[pair.first] for pair in self._validation], dtype=np.float64)
        second = np.array([scores[pair.second] for pair in self._validation], dtype=np.float64)
        predicted = preference(torch.from_numpy(first), torch.from_numpy(second)).numpy()
        try:
            self.srcc = srcc(predicted, shares)
        except StatisticsError:
            self.srcc = float("nan")
        return {
            "mae": float(np.abs(predicted - shares).mean()),
            "srcc": self.srcc,
            "accuracy": two_alternative_accuracy(first, second, shares, better="lower"),
        }

    def _scores(self, model: Any, on_progress: OnProgress | None) -> dict[str, float]:  # noqa: ANN401 (a submodule)
        """The score of every picture of the validation pairs, each computed once."""
        pictures = pictures_of(self._validation)
        device, score = next(model.parameters()).device, PairScorer(model)
        found: dict[str, float] = {}
        for (_, name), both in zip(pictures, read_ahead(pictures, self._read_both), strict=True):
            reference, distorted = (as_images(pixels, device) for pixels in both)
            found[name] = float(score(distorted, reference))
            if on_progress is not None:
                on_progress(len(found), len(pictures))
        return found

    def _read_both(self, names: tuple[str, str]) -> tuple[Pixels, Pixels]:
        return self._read(names[0]), self._read(names[1])

    def _read(self, name: str) -> Pixels:
        return self._store.read(self._root / name)
