"""HyperIQA: quality of an image seen alone, by a small network that is generated for each crop of it.

Su, Yan, Zhu, Zhang, Ge, Sun, Zhang: Blindly Assess Image Quality in the Wild Guided by a Self-Adaptive Hyper
Network, CVPR 2020. Higher is better.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from acutance.errors import InputError
from acutance.images.crops import Position
from acutance.layers.cpu import fast_convolution, fast_linear, wants_derivative
from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.images import CropBatch, EnlargedBatch, enlarge_to_at_least, resize_like_pillow
from acutance.layers.resnet import FeatureMap, ResNet50
from acutance.models.hyperiqa.entry import SCORE
from acutance.models.hyperiqa.preprocess import CROP_SIDE, HyperIQAViews, positions, view_settings
from acutance.models.hyperiqa.weights import HyperIQAConfig
from acutance.models.patches import SeenPatches, seen_patches
from acutance.models.quality_model import QualityModel, check_batch
from acutance.shapes import ImageBatch, ScoreBatch
from acutance.types import JSON

WIDTH = 224
"""Numbers that describe a crop to the target network (paper, section 3.3; the authors' code)."""
STAGE_WIDTH = 16
"""Of which each stage but the last gives so many, and the last one gives the others."""
CELL = 7
"""Rows and columns that are averaged, so that the last stage of a 224 x 224 crop is one cell."""
REDUCED = (16, 32, 64)
"""Channels that the first three stages are reduced to."""
CELLS = (64, 16, 4, 1)
"""Cells of 7 x 7 in each stage of a 224 x 224 crop."""
CONTENT_CHANNELS = 112
"""Channels of the map that the target network is generated from (authors' code)."""
CONTENT_SIDE = 7
"""Its rows and columns."""
REDUCED_CHANNELS = (1024, 512)
"""Channels between the last stage and the 112 of the content map (authors' code)."""
WIDTHS = (WIDTH, 112, 56, 28, 14, 1)
"""Numbers before, between and after the five layers of the target network (authors' code)."""
CROPS_AT_ONCE = 5
"""Crops that a CPU computes at once where no derivative is wanted: of 1, 2, 5, 9 and 25 the fastest in float32 and
in bfloat16 (one core of a Xeon with AMX and 2 MB of second-level cache)."""
CROPS_AT_ONCE_ELSEWHERE = 96
"""Crops that another device computes at once: the batch of the authors' training."""
FLOAT32_BLOCKS = 4
"""First bottlenecks that compute in float32 even when the others do not: what they round off moves the score most.
With the sensitive golden weights scores are then 0.022 off (root mean square) instead of 0.048, those of MS-HyperIQA
0.084 instead of 0.096."""

StageVector = Float[Tensor, "batch width"]
"""What one stage says of each crop."""
VectorBatch = Float[Tensor, "crops width"]
"""What describes each crop."""
CropScores = Float[Tensor, " crops"]
"""One number per crop."""


class CropMean(QualityModel):
    """Scores of 224 x 224 crops by one network, averaged over the crops of an image."""

    configuration: HyperIQAConfig
    needs_reference = False

    def __init__(self, network: "HyperNetwork", config: HyperIQAConfig, views: HyperIQAViews) -> None:
        super().__init__()
        self.network = network
        self.configuration = config
        self.views = views

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """The score alone: the mean over the crops of each image."""
        check_batch(distorted, "distorted", self.smallest_side)
        images = seen(distorted.to(self.network.mean.dtype), self.views, self.configuration.resize)
        places = positions(images.shape[2], images.shape[3], self.views)
        parts = [self.score_crops(crops) for crops in _cut(images, places, self._at_once(images))]
        return {"score": torch.cat(parts).view(len(images), len(places)).mean(1)}

    def score_crops(self, crops: CropBatch) -> CropScores:
        """The score of each crop by itself.

        Args:
            crops: Shape (N, 3, 224, 224), in [0, 1].

        Raises:
            InputError: Crops of another size.
        """
        if tuple(crops.shape[1:]) != (3, CROP_SIDE, CROP_SIDE):
            raise InputError(
                f"Expected crops of shape (crops, 3, {CROP_SIDE}, {CROP_SIDE}), got {tuple(crops.shape)}. "
                "Score whole images with the model itself."
            )
        scores: Tensor = self.network(crops) * self.configuration.score_scale
        return scores

    def seen_patches(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> SeenPatches:
        """The crops of one image, whose scores are averaged."""
        check_batch(distorted, "distorted", self.smallest_side)
        (height, width), (rows, columns) = distorted.shape[2:], self._view_size(distorted)
        return seen_patches(positions(rows, columns, self.views), CROP_SIDE, (rows, columns), (height, width))

    def looks(self, height: int, width: int) -> tuple[int, str]:
        """How many crops of an image of this size are scored."""
        rows, columns = self._view_size(torch.empty(1, 3, height, width, device="meta"))
        return len(positions(rows, columns, self.views)), "crop"

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs."""
        scale = self.configuration.score_scale
        return view_settings(self.views, self.configuration.resize) | ({} if scale == 1 else {"score_scale": scale})

    def use_bfloat16_products(self) -> bool:
        """Compute most of the backbone in bfloat16; its first stage and what is made of it stay float32."""
        self.network.backbone.use_bfloat16_products(FLOAT32_BLOCKS)
        return True

    def computes_in(self, asked: str, device: str) -> str:
        """The precision it computes in: float32 instead of bfloat16 on a CPU that has no instructions for it."""
        return self.network.backbone.computes_in(asked, device)

    def _view_size(self, images: Tensor) -> tuple[int, int]:
        rows, columns = seen(images.to("meta"), self.views, self.configuration.resize).shape[2:]
        return rows, columns

    def _at_once(self, images: Tensor) -> int | None:
        """How many crops are computed at once; ``None`` for all, where all must be kept for the derivative."""
        if wants_derivative(images, *self.parameters()) or self.network.training:
            return None
        return CROPS_AT_ONCE if images.device.type == "cpu" else CROPS_AT_ONCE_ELSEWHERE


class HyperIQA(CropMean):
    """HyperIQA: the mean score of crops, unbounded, about 0 to 100. Images of any size."""

    info = SCORE

    def __init__(self, config: HyperIQAConfig | None = None, options: HyperIQAViews | None = None) -> None:
        config = config or HyperIQAConfig()
        backbone = ResNet50(layers=config.trunk_blocks, channels=config.trunk_channels)
        network = HyperNetwork(backbone, LastStageContent(backbone.channels[-1]))
        super().__init__(network, config, options or HyperIQAViews())


def seen(images: ImageBatch, views: HyperIQAViews, resize: tuple[int, int] | None) -> EnlargedBatch:
    """The images that crops are cut from, at least 224 pixels a side.

    Args:
        images: In [0, 1].
        resize: Height and width that images are brought to first, whatever their shape; ``None`` leaves them.
    """
    if views.protocol != "pyiqa":
        return enlarge_to_at_least(images if resize is None else resize_like_pillow(images, *resize), CROP_SIDE)
    shorter = min(images.shape[2:])
    if shorter > CROP_SIDE:
        return images
    # PyIQA places samples by the factor, not by the size; rounding may make 224 of the 225 pixels
    return functional.interpolate(images, scale_factor=(CROP_SIDE + 1) / shorter, mode="bilinear")


class HyperNetwork(nn.Module):
    """A backbone, what it says of distortions, what it says of the content, and the target network made of that.

    Args:
        content: Makes the content map, (batch, 112, 7, 7), of the outputs of the stages from its ``first_stage`` on.
        dropout: Share of the target network's first outputs that are dropped in training.
    """

    mean: Tensor
    std: Tensor
    content: Any  # of several classes

    def __init__(self, backbone: ResNet50, content: nn.Module, dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = backbone
        self.distortions = stage_distortions(backbone.channels)
        self.content = content
        self.generator = TargetGenerator()
        self.dropout = dropout
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, crops: CropBatch) -> CropScores:
        """(crops,) scores of 224 x 224 crops in [0, 1]."""
        vectors, content = self.describe(crops)
        return target_network(vectors, self.generator(content), dropout=self.dropout, training=self.training)

    def describe(self, crops: CropBatch) -> tuple[Tensor, Tensor]:
        """What describes the distortions, (crops, 224), and the content map, (crops, 112, 7, 7)."""
        vectors: list[Tensor] = []
        stages: list[Tensor] = []
        for index, features in enumerate(self.backbone.stages((crops - self.mean) / self.std)):
            vectors.append(self.distortions[index](features))
            if index >= self.content.first_stage:
                stages.append(features)
        return torch.cat(vectors, dim=1), self.content(stages)


class StageDistortion(nn.Module):
    """What one stage says of a crop: channels reduced, cells averaged, one linear layer.

    Args:
        reduced: Channels after the 1 x 1 convolution; ``None`` leaves it out.
        cells: Cells of 7 x 7 in the stage.
    """

    def __init__(self, channels: int, reduced: int | None, cells: int, width: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1, bias=False) if reduced else None
        self.project = nn.Linear((reduced or channels) * cells, width)
        if self.reduce is not None:
            nn.init.kaiming_normal_(self.reduce.weight)
        nn.init.kaiming_normal_(self.project.weight)

    def forward(self, features: FeatureMap) -> StageVector:
        """(batch, width). Averaging first gives the same as reducing first, with a 49th of the products."""
        cells = functional.avg_pool2d(features, CELL)  # (batch, channels, rows / 7, columns / 7)
        if self.reduce is not None:
            cells = fast_linear(cells.permute(0, 2, 3, 1), self.reduce).permute(0, 3, 1, 2)
        return fast_linear(cells.flatten(1), self.project)


def stage_distortions(channels: Sequence[int]) -> nn.ModuleList:
    """One ``StageDistortion`` for each of the four stages of so many channels, together 224 numbers."""
    first = [
        StageDistortion(count, reduced, cells, STAGE_WIDTH)
        for count, reduced, cells in zip(channels[:3], REDUCED, CELLS[:3], strict=True)
    ]
    last = StageDistortion(channels[3], None, CELLS[3], WIDTH - 3 * STAGE_WIDTH)
    return nn.ModuleList([*first, last])


class LastStageContent(nn.Module):
    """The content map of HyperIQA: the last stage, its channels reduced in three steps."""

    first_stage: ClassVar[int] = 3
    """The first of the stages that it looks at, counted from 0."""
    reductions: Any  # ModuleList forgets what is in it

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (channels, *REDUCED_CHANNELS, CONTENT_CHANNELS)
        self.reductions = nn.ModuleList(nn.Conv2d(before, after, 1) for before, after in pairwise(widths))

    def forward(self, stages: Sequence[Tensor]) -> FeatureMap:
        """(batch, 112, 7, 7) of the output of the last stage."""
        (features,) = stages
        for layer in self.reductions:
            features = fast_convolution(features, layer, relu=True)
        return features


class TargetLayer(NamedTuple):
    """One layer of the target network, another one for each crop."""

    weight: Tensor
    """(crops, out, in)."""
    bias: Tensor
    """(crops, out)."""


class TargetGenerator(nn.Module):
    """The layers of each crop's target network, from what the crop shows.

    Weights of the first four layers come from 3 x 3 convolutions, whose output is read in channel, row, column
    order as the rows of a matrix; all others come from the mean of the map.
    """

    weights: Any  # ModuleList forgets what is in it
    biases: Any

    def __init__(self) -> None:
        super().__init__()
        sizes = list(pairwise(WIDTHS))
        self.weights = nn.ModuleList(
            nn.Conv2d(CONTENT_CHANNELS, before * after // CONTENT_SIDE**2, 3, padding=1) for before, after in sizes[:4]
        )
        self.last_weight = nn.Linear(CONTENT_CHANNELS, WIDTHS[4])
        self.biases = nn.ModuleList(nn.Linear(CONTENT_CHANNELS, after) for after in WIDTHS[1:])
        for layer in (*self.weights, self.last_weight, *self.biases):
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, content: FeatureMap) -> list[TargetLayer]:
        """The five layers, of (batch, 112, 7, 7)."""
        mean = content.mean((2, 3))  # (batch, 112)
        weights = [fast_convolution(content, layer).flatten(1) for layer in self.weights]
        weights.append(fast_linear(mean, self.last_weight))
        biases = [fast_linear(mean, layer) for layer in self.biases]
        return [
            TargetLayer(weight.view(len(mean), bias.shape[1], -1), bias)
            for weight, bias in zip(weights, biases, strict=True)
        ]


def target_network(
    vectors: VectorBatch, layers: Sequence[TargetLayer], *, dropout: float = 0.0, training: bool = False
) -> CropScores:
    """The unbounded score of each crop, by its own layers, from the 224 numbers that describe it.

    In training, a share ``dropout`` of the first layer's outputs is dropped.
    """
    *_, last = activations(vectors, layers, dropout=dropout, training=training)
    return last.flatten()


def activations(
    vectors: VectorBatch, layers: Sequence[TargetLayer], *, dropout: float = 0.0, training: bool = False
) -> Iterator[Tensor]:
    """What each layer gives, (crops, out), after its sigmoid, which the last one does not have."""
    hidden = vectors.unsqueeze(2)  # (crops, width, 1)
    for index, (weight, bias) in enumerate(layers):
        hidden = torch.baddbmm(bias.unsqueeze(2), weight, hidden)
        if index < len(layers) - 1:
            hidden = torch.sigmoid(hidden)
        if index == 0:
            hidden = functional.dropout(hidden, dropout, training)
        yield hidden.squeeze(2)


def _cut(images: Tensor, places: list[Position], at_once: int | None) -> Iterator[Tensor]:
    """The crops of each image, one image after the other, some at a time."""
    every = [(image, top, left) for image in images for top, left in places]
    size = at_once or len(every)
    for first in range(0, len(every), size):
        chosen = every[first : first + size]
        yield torch.stack([image[:, top : top + CROP_SIDE, left : left + CROP_SIDE] for image, top, left in chosen])
