"""A-FINE's stage 3: five numbers learn how naturalness and fidelity make one score."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.datasets.table import OpinionTable
from acutance.datasets.targets import afine_naturalness_targets, direction_of, fit_naturalness_calibrator
from acutance.errors import ConfigError, DatasetError, TrainingError
from acutance.models.afine.model import AFINE
from acutance.models.afine.pairs import AdaptivePair
from acutance.models.afine.statistics import PairMoments
from acutance.training.afine_files import lacks_of_clip, merge, publish_stage3, unused_of_clip
from acutance.training.afine_start import clip_file, clip_of_start, frozen, load_stage
from acutance.training.task import ParameterGroup, TrainedModel
from acutance.training.tasks.afine_frozen import FrozenStageTask, FrozenStageTraining, PairNetwork
from acutance.training.tasks.afine_pairs import FrozenNetworks
from acutance.training.triplet_data import Pair, TripletLists, triplet_lists
from acutance.types import OnProgress

FROZEN = ("encoder", "naturalness_head", "fidelity_head")
"""What the stages before trained."""


class AFINEStage3Training(FrozenStageTraining):
    """Stage 3."""

    kind: Literal["afine_stage3"] = "afine_stage3"
    start: str | tuple[str, ...] | None = None
    """Folder or file of stage 2, ours or the authors', whose networks are frozen here; it cannot be left out. Several
    hold a part each: the folder of stage 1 and that of stage 2."""
    clip: str | None = None
    """File that stage 1 started CLIP from, or its name: what A-FINE does not use of it, the text tower above all,
    belongs into afine.pth and is zero there without it. By default the ``clip_model.pth`` of ``start``, if any."""
    calibrate_on: str | None = None
    """Dataset of ``data`` on which the calibrator of naturalness is fitted first, ``pipal`` for A-FINE; without it the
    first values are gamma3 and gamma4, by default the authors'."""
    k: float = 5.0
    """First value of the adapter's k (the authors' code)."""
    gamma3: float = 4.9592
    """First centre of the calibrator of naturalness, their ``yita3``: from ``acutance data calibrate``."""
    gamma4: float = 21.5968
    """Its first scale, their ``yita4``."""
    eta3: float = 0.5
    """First centre of the calibrator of fidelity (the authors' code)."""
    eta4: float = 0.15
    """Its first scale."""


class CombinationNetwork(PairNetwork):
    """The combined quality D, over frozen networks.

    Args:
        model: Its adapter and calibrators learn, everything else does not.
        frozen_parts: What raw naturalness and fidelity depend on.
    """

    def __init__(self, model: AdaptivePair, frozen_parts: tuple[str, ...] = FROZEN) -> None:
        super().__init__(FrozenNetworks(model, raw_numbers, frozen_parts, (2,)))
        self.adapter = model.adapter.requires_grad_(requires_grad=True)
        self._calibrator = f"{model.weighed}_calibrator"
        self.add_module(self._calibrator, getattr(model, self._calibrator).requires_grad_(requires_grad=True))
        self.fidelity_calibrator = model.fidelity_calibrator.requires_grad_(requires_grad=True)

    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """D (pairs,) of what the adapter weighs and fidelity, both raw (pairs, 2), of pictures and of references."""
        if references is None:
            raise TypeError("expected the rows of references, got none")
        calibrator = getattr(self, self._calibrator)
        weighed, reference_weighed = (calibrator(each[:, 0]) for each in (rows, references))
        combined: Tensor = self.adapter(weighed, reference_weighed, self.fidelity_calibrator(rows[:, 1]))
        return combined


class AFINEStage3Task(FrozenStageTask):
    """Stage 3.

    Args:
        config: Data and stage 2.
        folder: Of the run, where features are kept.
        model: With the frozen networks; by default that of stage 2.
    """

    def __init__(self, config: AFINEStage3Training, folder: Path, model: AFINE | None = None) -> None:
        self._config = config
        self._model = frozen(model or load_stage(config.start, trained=FROZEN))
        self._clip = clip_file(config.clip) if config.clip else clip_of_start(config.start)
        self._lacks = lacks_of_clip(self._clip)  # a wrong file is told before pictures are encoded for hours
        with torch.no_grad():
            self._model.adapter.k.fill_(config.k)
            for calibrator, centre, scale in (
                (self._model.naturalness_calibrator, config.gamma3, config.gamma4),
                (self._model.fidelity_calibrator, config.eta3, config.eta4),
            ):
                calibrator.centre.fill_(centre)
                calibrator.scale.fill_(scale)
        lists = triplet_lists(config.data)
        self._rated = None if config.calibrate_on is None else _rated(lists, config.calibrate_on)
        also = [] if self._rated is None else _pairs_of(self._rated)
        super().__init__(config, folder, lists, CombinationNetwork(self._model), also)

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Encode every picture once, for each flip and transpose; fit the calibrator if asked for.

        Raises:
            TrainingError: Opinions that the frozen naturalness does not agree with, so that there is no fit.
        """
        super().prepare(device, on_progress)
        if self._rated is not None:
            self._calibrate(self._rated)

    def remarks(self) -> Iterable[str]:
        """What of CLIP will be zero."""
        if self._lacks:
            yield (
                "What A-FINE does not use of CLIP, its text tower above all, will be zero in published/afine.pth: name "
                "the file that stage 1 started from as task.clip"
            )

    def groups(self) -> list[ParameterGroup]:
        """The five numbers."""
        return [ParameterGroup("scalars", list(self.network.parameters()))]

    def trained(self, network: nn.Module) -> TrainedModel:
        """A-FINE, whole."""
        own: dict[str, Any] = self._model.state_dict() | network.state_dict()
        return TrainedModel(name="afine", tensors=own, config={})

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """The files of the stage, and all stages merged into ``afine.pth``."""
        own = self.trained(network).tensors
        rest = unused_of_clip(self._clip)
        return [*publish_stage3(own, folder), merge(own, rest, folder / "afine.pth")]

    def _calibrate(self, rated: OpinionTable) -> None:
        """First values of the calibrator of naturalness, fitted to opinions (the authors' fit on PIPAL)."""
        raw = np.array([self.features.row(*pair)[0] for pair in _pairs_of(rated)], dtype=np.float64)
        mos = np.array([row.mos for row in rated], dtype=np.float64)
        targets = afine_naturalness_targets(mos, better=direction_of(rated))(mos)
        try:
            fitted = fit_naturalness_calibrator(raw, targets)
        except DatasetError as error:
            with np.errstate(divide="ignore", invalid="ignore"):  # values that are all equal have no correlation
                agreement = float(np.corrcoef(raw, targets)[0, 1])
            raise TrainingError(
                f"Expected naturalness that agrees with the opinions of {rated.name}, to fit its calibrator to them, "
                f"got a correlation of {agreement:.3g} over {len(raw)} pictures. Start from stages that have learned, "
                "with task.start; or leave task.calibrate_on out."
            ) from error
        with torch.no_grad():
            self._model.naturalness_calibrator.centre.fill_(fitted.centre)
            self._model.naturalness_calibrator.scale.fill_(fitted.scale)


def raw_numbers(model: AdaptivePair, pairs: PairMoments) -> Tensor:
    """What the adapter weighs, naturalness in A-FINE, and fidelity of each picture, both raw, (pairs, 2)."""
    alone = model.alone(pairs.distorted)
    return torch.stack([alone[f"raw_{model.weighed}"], model.fidelity_head(pairs)], dim=1)


def _rated(lists: TripletLists, name: str) -> OpinionTable:
    """Every distorted picture of a dataset that people rated."""
    table = lists.tables.get(name)
    rows = [row for row in table or () if row.mos is not None and row.reference and row.image != row.reference]
    if table is None or not rows:
        if not lists.tables:
            raise ConfigError(
                f"Expected datasets (task.data.sources) beside task.calibrate_on={name}, got lists of triplets, which "
                "hold no opinions. Fit with acutance data calibrate, and set task.gamma3 and task.gamma4."
            )
        known = " or ".join(name for name, each in lists.tables.items() if any(row.mos is not None for row in each))
        raise ConfigError(
            f"Expected {known or 'a dataset with opinions'} as task.calibrate_on, got {name}. Add it to "
            "task.data.sources, or leave calibrate_on out."
        )
    return OpinionTable(rows, table.root, table.name)


def _pairs_of(table: OpinionTable) -> list[Pair]:
    return [(table.path(row.image), table.path(row.reference or "")) for row in table]
