"""What stages 2 and 3 of A-FINE share: few numbers learn over frozen networks, whose results are computed once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from acutance.training.pictures import PictureStore
from acutance.training.preferences import preference_loss
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task
from acutance.training.tasks.afine import (
    PICTURES,
    StageTraining,
    accuracies,
    demand_one_size,
    label_tensors,
    picture_batch,
    picture_sample,
    reporter,
    validation_pairs,
)
from acutance.training.tasks.afine_pairs import FrozenNetworks, PairFeatures
from acutance.training.triplet_data import Pair, TripletLists
from acutance.training.variants import draw_variant
from acutance.types import OnProgress

PAIRS_AT_ONCE = 64
"""Pairs that are scored together in validation."""


class FrozenStageTraining(StageTraining):
    """What both stages are told."""

    direct: bool = False
    """Encode pictures in every step instead of once: the same result, much slower."""
    features: str | None = None
    """Folder that keeps what frozen networks say of pictures; by default one in that of the run. Trainings over the
    same networks and triplets may share it, one after the other."""


class PairNetwork(nn.Module, ABC):
    """Scores of both pictures of triplets, of rows that frozen networks make of pairs.

    Args:
        networks: The frozen ones, for pictures that come as pictures.
    """

    def __init__(self, networks: FrozenNetworks) -> None:
        super().__init__()
        self.networks = networks  # no module of this one: neither trained nor saved

    def forward(self, inputs: Inputs) -> Outputs:
        """``first`` and ``second`` (batch,), of rows (batch, ...), or of lists of 8-bit pictures (3, H, W)."""
        rows = self.rows_of(inputs)
        return {name: self.score(rows[name], rows.get("reference")) for name in ("first", "second")}

    def rows_of(self, inputs: Inputs) -> Inputs:
        """Rows (batch, ...) by picture; of lists of pictures they are made."""
        return self.networks.of_triplets(inputs) if isinstance(inputs["first"], list) else inputs

    @abstractmethod
    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """Scores (pairs,), lower for better pictures, of the rows of pictures and of their references."""


class FrozenStageTask(Task):
    """Stage 2 or 3.

    Args:
        config: Settings.
        folder: Of the run, where features are kept.
        lists: Triplets.
        network: What learns.
        also: Pairs whose unflipped rows are wanted besides.
    """

    select_by = "accuracy"
    select = "highest"
    rows_used: ClassVar[tuple[str, ...]] = PICTURES
    """Of which pictures of a triplet the network needs rows."""

    def __init__(
        self,
        config: FrozenStageTraining,
        folder: Path,
        lists: TripletLists,
        network: PairNetwork,
        also: Iterable[Pair] = (),
    ) -> None:
        self._settings = config
        self._lists = lists
        self._store = PictureStore(cache=Path(config.cache) if config.cache else None)
        self.network: PairNetwork = network
        self.features = PairFeatures(
            [] if config.direct else lists.train,
            [*validation_pairs(lists.validation), *also],
            augment=config.augment,
            store=self._store,
            folder=Path(config.features) if config.features else folder / "features",
            networks=network.networks,
        )

    def __len__(self) -> int:
        return len(self._lists.train)

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Encode every picture once, for each flip and transpose."""
        self.features.fill(device, on_progress)

    def groups(self) -> list[ParameterGroup]:
        """All that the network learns."""
        return [ParameterGroup("head", list(self.network.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The rows of the pictures of a triplet, or the pictures, flipped and transposed together."""
        triplet, augment = self._lists.train[index], self._settings.augment
        if self._settings.direct:
            pictures = picture_sample(triplet, self._store, generator, augment=augment)
            named = {str(triplet.first): pictures["first"], str(triplet.second): pictures["second"]}
            demand_one_size(named, pictures["reference"])
            return pictures
        variant = draw_variant(generator) if augment else 0
        paths = {"first": triplet.first, "second": triplet.second, "reference": triplet.reference}
        rows = {name: self.features.row(paths[name], triplet.reference, variant) for name in self.rows_used}
        return {**rows, "labels": triplet.labels}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Rows (batch, ...), or lists of pictures."""
        if self._settings.direct:
            return picture_batch(samples)
        rows = {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in self.rows_used}
        return Batch(rows, label_tensors(samples))

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The fidelity loss of the two pictures."""
        return {"loss": preference_loss(outputs["first"], outputs["second"], labels["first_second"])}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Accuracy of the scores of the network."""
        score: Any = network.score
        device = next(network.parameters()).device
        pairs = validation_pairs(self._lists.validation)
        report = reporter(len(pairs), on_progress)
        known: dict[Pair, float] = {}
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            some = pairs[start : start + PAIRS_AT_ONCE]
            references = [(reference, reference) for _, reference in some]
            rows, truth = self.features.stacked(some, device), self.features.stacked(references, device)
            known.update(zip(some, score(rows, truth).tolist(), strict=True))
            report(len(some))
        return accuracies(self._lists.validation, known, self._settings.margin)
