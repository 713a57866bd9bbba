"""AHIQ in training: fusion and regressor learn of a random crop an image, over frozen backbones (arXiv 2204.10485)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from acutance.datasets.targets import ahiq_targets, direction_of
from acutance.errors import InputError
from acutance.models.ahiq.entry import ENTRY
from acutance.models.ahiq.model import AHIQ
from acutance.models.ahiq.network import crop_scores
from acutance.models.ahiq.preprocess import AHIQViews
from acutance.models.ahiq.weights import AHIQ as RECORD
from acutance.models.ahiq.weights import OFFICIAL, AHIQConfig
from acutance.models.weights_file import backbone_tensors
from acutance.tables.atomic import atomic_write
from acutance.training.config import TaskSettings
from acutance.training.data import DataConfig, training_tables
from acutance.training.images import (
    ImageStore,
    Pixels,
    correlations,
    crop_of,
    opinions_of,
    scores_of,
)
from acutance.training.publish import foreign_tensors
from acutance.training.start import RANDOM, begins_random, file_of, start_from_earlier
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel, trained_model
from acutance.types import OnProgress

PARTS = ("regressor_model_state_dict", "deform_net_model_state_dict")
"""What the authors' file holds of weights."""


class AHIQTraining(TaskSettings):
    """AHIQ."""

    kind: Literal["ahiq"] = "ahiq"
    model: AHIQConfig = AHIQConfig()
    """Sizes, and how crops are normalised."""
    data: DataConfig = DataConfig()
    """Rated images with references."""
    resnet: str | None = None
    """The CNN backbone, which never trains: ``resnet50.a1_in1k``, or the path of timm's file of it; random with
    ``none`` or null."""
    vit: str | None = None
    """The transformer backbone: ``vit_base_patch8_224.augreg_in21k_ft_in1k``, or the path of timm's file of it."""
    start: str | None = None
    """Where the heads start: the folder of an earlier run, or a file of AHIQ's weights; random with
    ``none``."""
    cache: str | None = None
    """Folder that keeps decoded images, so that each is decoded once."""
    flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning left and right round (the authors' code turns top and bottom instead)."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return AHIQTask(self)


class CropPairNetwork(nn.Module):
    """Scores of 8-bit crops beside those of their references."""

    def __init__(self, model: AHIQ) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,) of ``distorted`` and ``reference``, (batch, 3, side, side) each, uint8."""
        network = self.model.network
        kept = network.encode(inputs["reference"].float() / 255)
        distorted = network.encode(inputs["distorted"].float() / 255, kept.offsets)
        quality, weight = network.rate(distorted.reduced, kept.reduced)
        return {"score": crop_scores(quality.float(), weight.float())}  # in bfloat16 many scores would be equal


class AHIQTask(Task):
    """AHIQ: labels are 0 for the worst and 1 for the best of the training images."""

    select_by = "srcc"
    select = "highest"

    def __init__(self, config: AHIQTraining) -> None:
        self._config = config
        tables = training_tables(config.data)
        tables.require_pairs()
        self._train, self._validation = tables.train, tables.validation
        self._better = direction_of(self._train)
        self._stretch = ahiq_targets(opinions_of(self._train), better=self._better)
        self._labels = self._stretch(opinions_of(self._train))
        self._store = ImageStore(None, Path(config.cache) if config.cache else None)
        model = AHIQ(config.model, AHIQViews(protocol="five-point"))
        _load(model, config)
        self.network: CropPairNetwork = CropPairNetwork(model)
        self._epochs, self._error = 0, float("nan")

    def __len__(self) -> int:
        return len(self._train)

    def remarks(self) -> Iterable[str]:
        """Which backbones are random, where no earlier run brings its own."""
        config = self._config
        for setting, named in (("task.resnet", config.resnet), ("task.vit", config.vit)):
            if begins_random(named) and begins_random(config.start):
                yield f"A backbone that never trains has random weights, as {setting}={RANDOM} says"

    def groups(self) -> list[ParameterGroup]:
        """Fusion and regressor."""
        network = self.network.model.network
        return [ParameterGroup("heads", [*network.fusion.parameters(), *network.regressor.parameters()])]

    def start_epoch(self, epoch: int) -> None:
        """Take note of the epoch."""
        self._epochs = epoch + 1

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """A random crop of an image, the same of its reference, and the image's label."""
        row = self._train.rows[index]
        images = [self._store.read(self._train.path(str(name))) for name in (row.image, row.reference)]
        side, flip = self._config.model.side, self._config.flip
        distorted, reference = pair_of_crops(*images, side=side, generator=generator, flip=flip, name=row.image)
        return {"distorted": distorted, "reference": reference, "score": self._labels[index]}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Crops (batch, 3, side, side) of both, and labels (batch,)."""
        inputs = {name: torch.stack([sample[name] for sample in samples]) for name in ("distorted", "reference")}
        return Batch(inputs, {"score": torch.tensor([float(sample["score"]) for sample in samples])})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Mean squared error."""
        return {"loss": functional.mse_loss(outputs["score"].float(), labels["score"])}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC over images, each the mean of five crops, and the mean squared error of the labels."""
        model: Any = network.model
        scores = scores_of(self._validation, model, self._store.read, on_progress)
        found = correlations(scores if self._better == "higher" else -scores, self._validation)
        if len(scores):
            self._error = float(np.square(scores - self._stretch(opinions_of(self._validation))).mean())
            found["mse"] = self._error
        return found

    def trained(self, network: nn.Module) -> TrainedModel:
        """The model, backbones and all."""
        return trained_model(network, RECORD.name, ENTRY.info)

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """``best.pth`` in the layout of the authors' files: both heads, no backbone.

        Nothing for ImageNet's normalisation, which the authors' code has not.
        """
        if self._config.model.normalisation != "half":
            return []
        model: Any = network.model
        tensors = foreign_tensors(OFFICIAL.keys, model.state_dict())
        parts = {part: _below(tensors, part) for part in PARTS}
        with atomic_write(folder / "best.pth") as temporary:
            torch.save({"epoch": self._epochs, **parts, "loss": self._error}, temporary)
        return [folder / "best.pth"]


def pair_of_crops(
    distorted: Pixels, reference: Pixels, *, side: int, generator: np.random.Generator, flip: float, name: str
) -> tuple[Tensor, Tensor]:
    """A random square of an image and the same of its reference, flipped alike.

    Raises:
        InputError: Images of different sizes, or too small ones.
    """
    if distorted.shape != reference.shape:
        raise InputError(
            f"Expected {name} of the size of its reference, {reference.shape[:2]}, got {distorted.shape[:2]}. "
            "Leave it out."
        )
    if min(distorted.shape[:2]) < side:
        raise InputError(
            f"Expected images of at least {side} pixels a side to train with, got {distorted.shape[:2]} for {name}. "
            "Leave it out."
        )
    seed = int(generator.integers(2**63))
    first, second = (crop_of(image, side, np.random.default_rng(seed), flip=flip) for image in (distorted, reference))
    return first, second


def _load(model: AHIQ, config: AHIQTraining) -> None:
    """Read the backbones, then the heads."""
    for backbone, named, setting in zip(
        OFFICIAL.backbones, (config.resnet, config.vit), ("task.resnet", "task.vit"), strict=True
    ):
        if named is not None and not begins_random(named):
            before = model.state_dict()
            path = file_of(backbone.record, named, setting)
            model.load_state_dict(before | backbone_tensors(backbone, path, before))
    if config.start is not None and not begins_random(config.start):
        defaults: Any = AHIQConfig().model_dump(mode="json")
        start_from_earlier(model, config.start, names=(RECORD.name,), name=RECORD.name, defaults=defaults)


def _below(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """The tensors of a part of the file, by their names there."""
    return {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
