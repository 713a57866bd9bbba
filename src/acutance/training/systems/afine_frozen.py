"""A-FINE's stages 2 and 3: few numbers learn over frozen networks, whose results are computed once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.datasets.table import OpinionTable
from acutance.datasets.targets import afine_naturalness_targets, direction_of, fit_naturalness_calibrator
from acutance.errors import ConfigError, DatasetError, TrainingError
from acutance.models.afine.heads import AdaptivePair, PairMoments
from acutance.models.afine.model import AFINE
from acutance.training.images import ImageStore, opinions_of
from acutance.training.losses import preference_loss
from acutance.training.publish import lacks_of_clip, merge, publish_stage2, publish_stage3, unused_of_clip
from acutance.training.start import clip_file, clip_of_start, frozen, load_parts, load_stage
from acutance.training.systems.afine import (
    IMAGES,
    StageTraining,
    accuracies,
    draw_variant,
    image_batch,
    image_sample,
    label_tensors,
    reporter,
    require_one_size,
    validation_pairs,
)
from acutance.training.systems.afine_pairs import FrozenNetworks, PairFeatures
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import Pair, TripletLists, triplet_lists
from acutance.types import OnProgress

PAIRS_AT_ONCE = 64
"""Pairs that are scored together in validation."""


class FrozenStageTraining(StageTraining):
    """What both stages are told."""

    direct: bool = False
    """Encode images in every step instead of once: the same result, much slower."""
    features: str | None = None
    """Folder that keeps what frozen networks say of images; by default one in that of the run. Trainings over the
    same networks and triplets may share it, one after the other."""


class PairNetwork(nn.Module, ABC):
    """Scores of both images of triplets, of rows that frozen networks make of pairs."""

    def __init__(self, networks: FrozenNetworks) -> None:
        super().__init__()
        self.networks = networks  # no module of this one: neither trained nor saved

    def forward(self, inputs: Inputs) -> Outputs:
        """``first`` and ``second`` (batch,), of rows (batch, ...), or of lists of 8-bit images (3, H, W)."""
        rows = self.rows_of(inputs)
        return {name: self.score(rows[name], rows.get("reference")) for name in ("first", "second")}

    def rows_of(self, inputs: Inputs) -> Inputs:
        """Rows (batch, ...) by image; of lists of images they are made."""
        return self.networks.of_triplets(inputs) if isinstance(inputs["first"], list) else inputs

    @abstractmethod
    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """Scores (pairs,), lower for better images, of the rows of images and of their references."""


class FrozenStageTask(Task):
    """Stage 2 or 3."""

    select_by = "accuracy"
    select = "highest"
    rows_used: ClassVar[tuple[str, ...]] = IMAGES
    """Of which images of a triplet the network needs rows."""

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
        self._store = ImageStore(cache=Path(config.cache) if config.cache else None)
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
        """Encode every image once, for each flip and transpose."""
        self.features.fill(device, on_progress)

    def groups(self) -> list[ParameterGroup]:
        """All that the network learns."""
        return [ParameterGroup("head", list(self.network.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The rows of the images of a triplet, or the images, flipped and transposed together."""
        triplet, augment = self._lists.train[index], self._settings.augment
        if self._settings.direct:
            images = image_sample(triplet, self._store, generator, augment=augment)
            named = {str(triplet.first): images["first"], str(triplet.second): images["second"]}
            require_one_size(named, images["reference"])
            return images
        variant = draw_variant(generator) if augment else 0
        paths = {"first": triplet.first, "second": triplet.second, "reference": triplet.reference}
        rows = {name: self.features.row(paths[name], triplet.reference, variant) for name in self.rows_used}
        return {**rows, "labels": triplet.labels}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Rows (batch, ...), or lists of images."""
        if self._settings.direct:
            return image_batch(samples)
        rows = {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in self.rows_used}
        return Batch(rows, label_tensors(samples))

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The fidelity loss of the two images."""
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


class AFINEStage2Training(FrozenStageTraining):
    """Stage 2."""

    kind: Literal["afine_stage2"] = "afine_stage2"
    start: str | tuple[str, ...] | None = None
    """Folder or file of stage 1, ours or the authors', whose CLIP is frozen here; it cannot be left out. Several hold a
    part each."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return AFINEStage2Task(self, folder)


class FidelityNetwork(PairNetwork):
    """Raw fidelity, over a frozen encoder."""

    def __init__(self, model: AdaptivePair, frozen_parts: tuple[str, ...] = ("encoder",)) -> None:
        super().__init__(FrozenNetworks(model, distances, frozen_parts, (2, len(model.fidelity_head.alpha))))
        self.fidelity_head = model.fidelity_head.requires_grad_(requires_grad=True)

    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """Raw fidelity (pairs,) of the distances (pairs, 2, channels) of means and structures."""
        return self.fidelity_head.weigh(rows[:, 0], rows[:, 1])


class AFINEStage2Task(FrozenStageTask):
    """Stage 2."""

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


FROZEN_IN_STAGE_3 = ("encoder", "naturalness_head", "fidelity_head")
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

    def build(self, folder: Path) -> Task:
        """The task."""
        return AFINEStage3Task(self, folder)


class CombinationNetwork(PairNetwork):
    """The combined quality D, over frozen networks."""

    def __init__(self, model: AdaptivePair, frozen_parts: tuple[str, ...] = FROZEN_IN_STAGE_3) -> None:
        super().__init__(FrozenNetworks(model, raw_numbers, frozen_parts, (2,)))
        self.adapter = model.adapter.requires_grad_(requires_grad=True)
        self._calibrator = f"{model.weighed}_calibrator"
        self.add_module(self._calibrator, getattr(model, self._calibrator).requires_grad_(requires_grad=True))
        self.fidelity_calibrator = model.fidelity_calibrator.requires_grad_(requires_grad=True)

    def score(self, rows: Tensor, references: Tensor | None) -> Tensor:
        """D (pairs,) of what the adapter weighs and fidelity, both raw (pairs, 2), of images and of references."""
        if references is None:
            raise TypeError("expected the rows of references, got none")
        calibrator = getattr(self, self._calibrator)
        weighed, reference_weighed = (calibrator(each[:, 0]) for each in (rows, references))
        combined: Tensor = self.adapter(weighed, reference_weighed, self.fidelity_calibrator(rows[:, 1]))
        return combined


class AFINEStage3Task(FrozenStageTask):
    """Stage 3."""

    def __init__(self, config: AFINEStage3Training, folder: Path, model: AFINE | None = None) -> None:
        self._config = config
        self._model = frozen(model or load_stage(config.start, trained=FROZEN_IN_STAGE_3))
        self._clip = clip_file(config.clip) if config.clip else clip_of_start(config.start)
        self._lacks = lacks_of_clip(self._clip)  # a wrong file is an error before images are encoded for hours
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
        """Encode every image once, for each flip and transpose; fit the calibrator if asked for.

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
        mos = opinions_of(rated)
        targets = afine_naturalness_targets(mos, better=direction_of(rated))(mos)
        try:
            fitted = fit_naturalness_calibrator(raw, targets)
        except DatasetError as error:
            with np.errstate(divide="ignore", invalid="ignore"):  # values that are all equal have no correlation
                agreement = float(np.corrcoef(raw, targets)[0, 1])
            raise TrainingError(
                f"Expected naturalness that agrees with the opinions of {rated.name}, to fit its calibrator to them, "
                f"got a correlation of {agreement:.3g} over {len(raw)} images. Start from stages that have learned, "
                "with task.start; or leave task.calibrate_on out."
            ) from error
        with torch.no_grad():
            self._model.naturalness_calibrator.centre.fill_(fitted.centre)
            self._model.naturalness_calibrator.scale.fill_(fitted.scale)


def raw_numbers(model: AdaptivePair, pairs: PairMoments) -> Tensor:
    """What the adapter weighs, naturalness in A-FINE, and fidelity of each image, both raw, (pairs, 2)."""
    alone = model.alone(pairs.distorted)
    return torch.stack([alone[f"raw_{model.weighed}"], model.fidelity_head(pairs)], dim=1)


def _rated(lists: TripletLists, name: str) -> OpinionTable:
    """Every distorted image of a dataset that people rated."""
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
