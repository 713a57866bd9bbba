"""HyperIQA and MS-HyperIQA in training: random crops, the opinion of the image as label of each of its crops."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from acutance.models.hyperiqa.model import HyperIQA, target_network
from acutance.models.hyperiqa.preprocess import CROP_SIDE, HyperIQAViews
from acutance.models.hyperiqa.weights import OFFICIAL, RESNET50_TV, HyperIQAConfig
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews
from acutance.models.ms_hyperiqa.weights import REFERENCE, MSHyperIQAConfig
from acutance.training.config import TaskSettings
from acutance.training.data import DataConfig, LabelScale, scaled, training_tables
from acutance.training.images import ImageStore, correlations, crop_of, enlarged, scores_of
from acutance.training.losses import l1_loss, margin_rank_loss, weighted
from acutance.training.publish import write_pickle
from acutance.training.start import RANDOM, begins_random, is_resnet50, start_crop_model
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel, trained_model
from acutance.types import OnProgress

MARGINS = 10
"""Margins of the rank loss, made for labels in 0..100, that should fit into the range of the labels."""


class CropTraining(TaskSettings):
    """What both systems share."""

    data: DataConfig = DataConfig()
    """Rated images."""
    start: str | None = RESNET50_TV.name
    """Where the backbone starts: a ResNet-50 trained on ImageNet by timm's tag or as a file of torchvision or timm, or
    an earlier run; ``none`` for random weights."""
    cache: str | None = None
    """Folder that keeps decoded images, so that each is decoded once."""
    labels: LabelScale = "published"
    """Opinions as they are, or their scale brought to 0..100 (``percent``) or 0..1 (``unit``)."""
    crops: int = Field(default=25, ge=1)
    """Random crops of each image in an epoch."""
    flip: float = Field(default=0.5, ge=0, le=1)
    """Probability of turning left and right round."""
    hyper_rate: float = Field(default=10.0, gt=0)
    """How many times the rate of the backbone the hyper network has."""
    validation_crops: int = Field(default=25, ge=1)
    """Random crops of each image in validation, the same every time."""
    rank_weight: float = Field(default=0.0, ge=0)
    """Weight of the rank loss beside the mean absolute error."""
    rank_margin: float = Field(default=0.5, ge=0)
    """In units of the labels."""
    rank_gap: float = Field(default=0.1, ge=0)
    """Pairs whose labels differ by less have no order."""


class HyperIQATraining(CropTraining):
    """HyperIQA."""

    kind: Literal["hyperiqa"] = "hyperiqa"
    model: HyperIQAConfig = HyperIQAConfig()
    """Size of the backbone, and what images are resized to."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return CropTask(self)


class MSHyperIQATraining(CropTraining):
    """MS-HyperIQA."""

    kind: Literal["ms_hyperiqa"] = "ms_hyperiqa"
    model: MSHyperIQAConfig = MSHyperIQAConfig()
    """Size of the backbone, dropout, and what images are resized to."""
    labels: LabelScale = "percent"
    """Opinions of any scale brought to 0..100, which margin and gap of the rank loss are made for."""
    rank_weight: float = Field(default=0.3, ge=0)
    """Weight of the rank loss beside the mean absolute error."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return CropTask(self)


class CropNetwork(nn.Module):
    """Scores of 8-bit crops."""

    def __init__(self, model: HyperIQA | MSHyperIQA) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,) of ``crops`` (batch, 3, 224, 224), uint8.

        The target network is generated and computed in float32 whatever the backbone is: in bfloat16 a score of 50
        would be a multiple of 0.25.
        """
        network = self.model.network
        vectors, content = network.describe(inputs["crops"].float() / 255)
        with torch.autocast(vectors.device.type, enabled=False):
            layers = network.generator(content.float())
            scores = target_network(vectors.float(), layers, dropout=network.dropout, training=network.training)
        return {"score": scores * self.model.configuration.score_scale}


class CropTask(Task):
    """HyperIQA or MS-HyperIQA."""

    select_by = "srcc"
    select = "highest"

    def __init__(self, config: HyperIQATraining | MSHyperIQATraining) -> None:
        self._config = config
        tables = training_tables(config.data)
        tables.require_images()
        self._train, self._validation = tables.train, tables.validation
        self._labels = scaled(self._train, config.labels)
        self._store = ImageStore(config.model.resize, Path(config.cache) if config.cache else None)
        self.network: CropNetwork = CropNetwork(_model(config))
        if config.start is not None and not begins_random(config.start):
            start_crop_model(self.network.model, config.start)

    def remarks(self) -> Iterable[str]:
        """Whether the backbone is random, and whether the rank loss fits the labels."""
        config, labels = self._config, self._labels.values
        if begins_random(config.start):
            yield f"The backbone begins with random weights, as task.start={RANDOM} says"
        spread = float(np.ptp(labels))
        if config.rank_weight and spread < MARGINS * config.rank_margin:
            yield (
                f"Labels spread over {spread:g}, and the rank loss wants {config.rank_margin:g} between two images: "
                "bring them to 0..100 with task.labels=percent, or change task.rank_margin and task.rank_gap"
            )

    def __len__(self) -> int:
        return len(self._train) * self._config.crops

    def groups(self) -> list[ParameterGroup]:
        """The backbone with what it says of distortions, and the hyper network, which learns faster."""
        network = self.network.model.network
        slow = [*network.backbone.parameters(), *network.distortions.parameters()]
        known = {id(parameter) for parameter in slow}
        fast = [parameter for parameter in network.parameters() if id(parameter) not in known]
        return [ParameterGroup("backbone", slow), ParameterGroup("hyper", fast, self._config.hyper_rate)]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """A random crop of an image, and the image's label."""
        place = index // self._config.crops
        pixels = self._store.read(self._train.path(self._train.rows[place].image))
        crop = crop_of(enlarged(pixels, CROP_SIDE), CROP_SIDE, generator, flip=self._config.flip)
        return {"crop": crop, "score": self._labels.values[place]}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Crops (batch, 3, 224, 224) and labels (batch,)."""
        crops = torch.stack([sample["crop"] for sample in samples])
        return Batch({"crops": crops}, {"score": torch.tensor([float(sample["score"]) for sample in samples])})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Mean absolute error, and the rank loss with its weight."""
        config, scores, wanted = self._config, outputs["score"].float(), labels["score"]
        losses = {"l1": (1.0, l1_loss(scores, wanted))}
        if config.rank_weight:
            rank = margin_rank_loss(scores, wanted, margin=config.rank_margin, gap=config.rank_gap)
            losses["rank"] = (config.rank_weight, rank)
        return weighted(losses)

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC over images, each the mean of its crops."""
        model: Any = network.model
        scores = scores_of(self._validation, model, self._store.read, on_progress)
        return correlations(scores, self._validation)

    def trained(self, network: nn.Module) -> TrainedModel:
        """The model with the scale of its labels."""
        return trained_model(network, self._config.kind, self._labels.info)

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """``best_model.pkl``, the bare state dict of the reference code, for a backbone of ResNet-50's size only."""
        model: Any = network.model
        if not is_resnet50(model.network.backbone) or model.configuration.score_scale != 1:
            return []
        layout = OFFICIAL if self._config.kind == "hyperiqa" else REFERENCE
        return [write_pickle(folder / "best_model.pkl", layout.keys, model.state_dict())]


def _model(config: HyperIQATraining | MSHyperIQATraining) -> HyperIQA | MSHyperIQA:
    views: dict[str, Any] = {"protocol": "random", "crops": config.validation_crops}
    if isinstance(config, HyperIQATraining):
        return HyperIQA(config.model, HyperIQAViews(**views))
    return MSHyperIQA(config.model, MSHyperIQAViews(**views))
