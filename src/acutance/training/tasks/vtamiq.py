"""VTAMIQ in training on rated pictures: weak labels first, opinions last (Chubarau, Clark, arXiv 2110.01655)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.datasets.kadid import Metric, read_kadis_scores
from acutance.datasets.table import OpinionTable
from acutance.datasets.targets import Version, direction_of, fit_quality_targets
from acutance.errors import ConfigError
from acutance.training.data import DataConfig, TrainingTables, training_tables
from acutance.training.references import PairScorer, demand_references
from acutance.training.task import Batch, Labels, Outputs
from acutance.training.tasks.vtamiq_base import VTAMIQSettings, VTAMIQTask
from acutance.training.tasks.vtamiq_patches import patch_inputs, patch_sample
from acutance.training.validation import correlations, scores_of
from acutance.training.vtamiq_losses import VTAMIQLossWeights, quality_losses
from acutance.types import OnProgress


class VTAMIQTraining(VTAMIQSettings):
    """VTAMIQ on rated pictures."""

    kind: Literal["vtamiq"] = "vtamiq"
    data: DataConfig = DataConfig(protocol="vtamiq")
    """Rated pictures with references."""
    kadis_scores: str | None = None
    """The file of metric scores published beside KADIS-700k, which has no opinions; a folder of ``acutance data
    synthesize`` needs none, its ``table.csv`` is the dataset."""
    kadis_metric: Metric = "vsi"
    """Which of its metrics is the label (VSI is the first version of the authors' loader)."""
    linearise: bool = True
    """Fit the curve that makes targets close to uniform, on the training pictures alone."""
    targets: Version = "2024"
    """Which state of the authors' code targets are made by."""
    weights: VTAMIQLossWeights = VTAMIQLossWeights()
    """Weights of the losses."""


class VTAMIQRatings(VTAMIQTask):
    """VTAMIQ on rated pictures: targets are 0 for the best and 1 for the worst of the training pictures.

    Args:
        config: Data, network and losses.
    """

    select_by = "srcc"
    select = "highest"

    def __init__(self, config: VTAMIQTraining) -> None:
        tables = _tables(config)
        self._train, self._validation = tables.train, tables.validation
        for table in (self._train, self._validation):
            demand_references(table)
        tables.demand_pictures()
        self._better = direction_of(self._train)
        self._weights = config.weights
        self._curve = fit_quality_targets(
            _opinions(self._train), better=self._better, linearise=config.linearise, version=config.targets
        )
        self._targets = self._curve(_opinions(self._train))
        super().__init__(config)

    def __len__(self) -> int:
        return len(self._train)

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The patches of a picture and of its reference, and its target."""
        row = self._train.rows[index]
        pictures = [self._store.read(self._train.path(str(name))) for name in (row.reference, row.image)]
        patches = patch_sample(pictures, self._settings.draws, self._settings.model, generator)
        return {**patches, "score": self._targets[index]}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Patches (batch, 2, patches, 3, 16, 16), the reference first, and targets (batch,)."""
        targets = torch.tensor([float(sample["score"]) for sample in samples])
        return Batch(patch_inputs(samples), {"score": targets})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Absolute error, order and correlation, and their weighted mean."""
        return quality_losses(outputs["score"].float(), labels["score"], self._weights)

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC with the raw opinions, positive where model and people agree; and the error of targets."""
        model: Any = network.model
        scores = scores_of(
            self._validation,
            PairScorer(model),
            self._store.read,
            device=next(model.parameters()).device,
            with_references=True,
            on_progress=on_progress,
        )
        found = correlations(scores if self._better == "lower" else -scores, self._validation)
        self.srcc = found["srcc"]
        if len(scores):
            found["mae"] = float(np.abs(scores - self._curve(_opinions(self._validation))).mean())
        return found


def _tables(config: VTAMIQTraining) -> TrainingTables:
    if config.data.dataset != "kadis700k":
        return training_tables(config.data)
    if config.kadis_scores is None:
        raise ConfigError(
            "Expected the file of scores of KADIS-700k, which has no opinions, got none. Name it: --set "
            "task.kadis_scores=FILE, or train on a folder of acutance data synthesize: --set "
            "task.data.dataset=FOLDER/table.csv"
        )
    return training_tables(
        config.data, read_kadis_scores(config.data.root or ".", config.kadis_scores, config.kadis_metric)
    )


def _opinions(table: OpinionTable) -> np.ndarray:
    return np.array([row.mos for row in table], dtype=np.float64)
