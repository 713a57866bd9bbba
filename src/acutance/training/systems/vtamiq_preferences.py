"""VTAMIQ in training on preferences: which of two images people take for nearer to the reference (PieAPP)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.datasets.comparisons import Comparison
from acutance.datasets.pieapp import Preference, read_preferences
from acutance.datasets.splits import VTAMIQ
from acutance.errors import ConfigError, StatisticsError, TrainingError
from acutance.stats.correlation import srcc
from acutance.stats.preferences import two_alternative_accuracy
from acutance.training.config import Settings
from acutance.training.images import PairScorer, Pixels, as_images, read_ahead
from acutance.training.losses import preference
from acutance.training.systems.vtamiq import VTAMIQSettings, VTAMIQTask, patch_inputs, patch_sample
from acutance.training.task import Batch, Labels, Outputs, Task
from acutance.types import OnProgress


class PreferenceData(Settings):
    """Pairs and how they are split."""

    root: str | None = None
    """Folder of PieAPP."""
    preference: Preference = "processed"
    """Which of its two columns is the label: estimated for every pair, or the share of people where they were asked."""
    split: Literal["own", "vtamiq"] = "own"
    """``own``: PieAPP's training part trains, its validation part validates. ``vtamiq``: the first 130 of the 140
    references of the training part train, the next 5 validate."""


@dataclass(frozen=True)
class PreferenceTables:
    """Pairs that train, and pairs that validate."""

    root: Path
    """Folder that their paths start from."""
    train: list[Comparison]
    validation: list[Comparison]


def preference_tables(config: PreferenceData) -> PreferenceTables:
    """The pairs of the training and the validation part.

    Raises:
        ConfigError: No folder named.
        DatasetError: Labels that are not there, or damaged ones.
        TrainingError: Images that are missing, or another number of references than the split is for.
    """
    if config.root is None:
        raise ConfigError("Expected the folder of PieAPP, got none. Name it: --set task.data.root=/data/PieAPP_dataset")
    root = Path(config.root)
    train = read_preferences(root, part="train", preference=config.preference)
    if config.split == "own":
        validation = read_preferences(root, part="val", preference=config.preference)
    else:
        train, validation = _as_vtamiq(train)
    _require_images(root, [*train, *validation])
    return PreferenceTables(root, train, validation)


def image_pairs(pairs: Iterable[Comparison]) -> list[tuple[str, str]]:
    """Every distorted image of some pairs with its reference, once, those of one reference together."""
    return sorted({(pair.reference, name) for pair in pairs for name in (pair.first, pair.second)})


def _as_vtamiq(pairs: list[Comparison]) -> tuple[list[Comparison], list[Comparison]]:
    first, second, count = VTAMIQ["pieapp"]
    references = sorted({pair.reference for pair in pairs}, key=_label_file)
    if len(references) != count:
        raise TrainingError(
            f"Expected the {count} references of PieAPP's training part for split=vtamiq, got {len(references)}. Take "
            "the whole dataset, or split=own."
        )
    train, validation = set(references[:first]), set(references[first:second])
    return [pair for pair in pairs if pair.reference in train], [pair for pair in pairs if pair.reference in validation]


def _label_file(reference: str) -> str:
    """The file that the labels of a reference are in, by whose name its authors' loader sorts references."""
    return PurePosixPath(reference).stem + "_pairwise_labels.csv"


def _require_images(root: Path, pairs: list[Comparison]) -> None:
    names = {name for pair in image_pairs(pairs) for name in pair}
    missing = sorted(name for name in names if not (root / name).is_file())
    if missing:
        raise TrainingError(
            f"Expected {len(names)} images of PieAPP in {root}, got {len(names) - len(missing)}: {missing[0]} is "
            "missing. Copy it again."
        )


class VTAMIQPreferenceTraining(VTAMIQSettings):
    """VTAMIQ on preferences."""

    kind: Literal["vtamiq_preferences"] = "vtamiq_preferences"
    data: PreferenceData = PreferenceData()
    """Pairs of images."""
    error: Literal["squared", "absolute"] = "squared"
    """Of the predicted preference: squared until 2022, absolute in the authors' present code."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return VTAMIQPreferences(self)


class VTAMIQPreferences(VTAMIQTask):
    """VTAMIQ on preferences: the probability of the first image is ``sigmoid(second - first)``, for low is good."""

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
        """The patches of a reference and of two images, and the share of people for the first."""
        pair = self._train[index]
        images = [self._read(name) for name in (pair.reference, pair.first, pair.second)]
        patches = patch_sample(images, self._settings.draws, self._settings.model, generator)
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
        """The score of every image of the validation pairs, each computed once."""
        images = image_pairs(self._validation)
        device, score = next(model.parameters()).device, PairScorer(model)
        found: dict[str, float] = {}
        for (_, name), both in zip(images, read_ahead(images, self._read_both), strict=True):
            reference, distorted = (as_images(pixels, device) for pixels in both)
            found[name] = float(score(distorted, reference))
            if on_progress is not None:
                on_progress(len(found), len(images))
        return found

    def _read_both(self, names: tuple[str, str]) -> tuple[Pixels, Pixels]:
        return self._read(names[0]), self._read(names[1])

    def _read(self, name: str) -> Pixels:
        return self._store.read(self._root / name)
