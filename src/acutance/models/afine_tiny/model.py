"""afine-tiny: A-FINE's naturalness, fidelity and adaptive sum over two small convolutional backbones and fixed maps.

One backbone sees the image small and whole, the other at full size, since resizing hides noise and compression.
Beside what they learn stand the scene statistics of fixed maps, which few opinions suffice to read.
Raw and calibrated terms are lower for better images, as in A-FINE; scores are 0 to 100, higher is better.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.residual import ResidualBackbone
from acutance.models.afine.heads import (
    Adapter,
    AdaptivePair,
    Calibrator,
    FidelityHead,
    Level,
    Moments,
    PairMoments,
    describe,
)
from acutance.models.afine_tiny.entry import QUALITY, AFINETinyConfig
from acutance.models.afine_tiny.preprocess import (
    CHANNELS,
    FINE_PLACES,
    FINE_SIDE,
    SCALES,
    Views,
    scene_scales,
    view_settings,
    views_of,
)
from acutance.models.quality_model import QualityModel, check_batch
from acutance.shapes import ChannelBatch, ImageBatch, ScoreBatch, TokenBatch
from acutance.types import JSON

LARGEST = 5.0
"""Normalised inputs lie within so many deviations of their mean, so that no image is outside of what was learned."""
VARIANCE_FLOOR = 1e-6
"""Keeps the derivative of a deviation finite where a channel is constant."""


class MomentsHead(nn.Module):
    """Raw naturalness of an image from the means and deviations of its levels; unbounded, lower is better.

    Args:
        hidden: Width of each layer between.
        directions: Directions of the inputs that those see; 0 for all inputs.
        dropout: Share of what goes into each layer that is left out in training.
    """

    def __init__(self, channels: int, hidden: int, dropout: float, layers: int = 1, directions: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2 * channels)
        self.directions = nn.Linear(2 * channels, directions, bias=False) if directions else nn.Identity()
        self.regressor = Regressor(directions or 2 * channels, hidden, layers, dropout)

    def forward(self, moments: Moments) -> ScoreBatch:
        """(batch,) raw naturalness."""
        raw: Tensor = self.regressor(self.directed(moments))
        return raw

    def directed(self, moments: Moments) -> ChannelBatch:
        """What the regressor reads, (batch, directions), or all inputs."""
        known: Tensor = self.directions(self.normalised(moments))
        return known

    def normalised(self, moments: Moments) -> ChannelBatch:
        """Inputs, (batch, 2 * channels), in deviations from their mean."""
        known: Tensor = self.norm(self.inputs(moments))
        return known.clamp(-LARGEST, LARGEST)

    @staticmethod
    def inputs(moments: Moments) -> ChannelBatch:
        """Means and deviations of all channels, (batch, 2 * channels), not normalised yet."""
        variances = torch.cat(moments.variances, 1)
        return torch.cat([*moments.means, (variances + VARIANCE_FLOOR).sqrt()], 1)


class Regressor(nn.Module):
    """One number of many.

    Args:
        hidden: Width of each layer between.
        dropout: Share of what goes into each layer that is left out in training.
    """

    def __init__(self, inputs: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.inputs = inputs
        widths = (inputs, *(hidden,) * layers)
        self.hidden = nn.ModuleList(nn.Linear(*each) for each in pairwise(widths))
        self.output = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, known: ChannelBatch) -> ScoreBatch:
        """(batch,) of (batch, inputs)."""
        for layer in self.hidden:
            known = functional.relu(layer(self.dropout(known)))
        number: Tensor = self.output(self.dropout(known))
        return number.squeeze(1)


FAINT = 1e-3
"""Distances of means and structures count in proportion below it, and by their logarithm above."""
GAIN = 4.0
"""Makes differences of one out of what Thurstone's model takes for certain."""
FEW = -4.0
"""First weights of all channels before softplus, so low that those of a few can grow far above."""


class FaintFidelityHead(FidelityHead):
    """Raw fidelity of a pair as A-FINE's, a weighted distance of means and structure, but of their logarithms.

    A-FINE's own sum is ruled by the largest of the distances, which lie between 0 and 2; here a distance of 0.01 beside
    0.001 counts as much as one of 1 beside 0.1. 0 for equal images, symmetric, and never less for a larger distance.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        for weights in (self.alpha, self.beta):
            nn.init.normal_(weights, FEW, 0.01)

    def distances(self, pairs: PairMoments) -> tuple[ChannelBatch, ChannelBatch]:
        """Logarithms ``log(1 + distance / FAINT)`` of means and of structures, (batch, channels) each."""
        means, structures = super().distances(pairs)
        return _logarithms(means), _logarithms(structures)

    def weigh(self, means: ChannelBatch, structures: ChannelBatch) -> ScoreBatch:
        """(batch,) raw fidelity, from the logarithms of each channel."""
        return GAIN * super().weigh(means, structures)


def _logarithms(distances: ChannelBatch) -> ChannelBatch:
    return torch.log1p(distances.clamp_min(0) / FAINT)


SMALLEST_SIDE = 32
"""Stride of the last stage: shorter sides leave it nothing to see."""
CENTRE, SPREAD = 0.45, 0.25
"""What images are normalised with, about the mean and deviation of photographs."""


class AFINETinyNaturalness(QualityModel):
    """Quality of an image seen alone, 0 to 100."""

    configuration: AFINETinyConfig
    info = QUALITY
    needs_reference = False
    smallest_side = SMALLEST_SIDE

    def __init__(self, config: AFINETinyConfig | None = None) -> None:
        super().__init__()
        self.configuration = config or AFINETinyConfig()
        sizes = self.configuration
        self.whole = ResidualBackbone(sizes.stem, sizes.channels, sizes.blocks)
        self.detail = ResidualBackbone(sizes.stem, sizes.channels, sizes.blocks)
        self.level_channels = (3, *sizes.channels, *sizes.channels, *(CHANNELS,) * SCALES)
        self.naturalness_head = MomentsHead(
            sum(self.level_channels), sizes.hidden, sizes.dropout, sizes.layers, sizes.directions
        )
        self.naturalness_calibrator = Calibrator(0.0, 1.0)

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """raw_naturalness (unbounded), naturalness in (-2, 2), both lower for better images, and score."""
        check_batch(distorted, "distorted", self.smallest_side)
        images = distorted.to(self.naturalness_calibrator.centre.dtype)
        raw = self.raw_naturalness(views_of(images, self.configuration.whole_side))
        return {"raw_naturalness": raw, "naturalness": self.naturalness_calibrator(raw), "score": quality(raw)}

    def raw_naturalness(self, views: Views, scene: Tensor | None = None) -> ScoreBatch:
        """(batch,) raw naturalness; statistics and head in float32 whatever the backbones compute in.

        Args:
            scene: ``scene_moments`` of the images, where they are known; shape (batch, 2, channels).
        """
        found = _moments(self._stages(views))
        device = "cpu" if views.whole.is_meta else views.whole.device.type  # meta has no autocast
        with torch.autocast(device, enabled=False):
            fixed = _moments(scene_scales(views)) if scene is None else Moments([scene[:, 0]], [scene[:, 1]])
            both = Moments([*found.means, *fixed.means], [*found.variances, *fixed.variances])
            raw: Tensor = self.naturalness_head(both)
        return raw

    def moments(self, images: ImageBatch) -> Tensor:
        """Means and variances of all levels, which the naturalness head reads, shape (N, 2, channels).

        Args:
            images: Shape (N, 3, H, W), in [0, 1].
        """
        views = views_of(images, self.configuration.whole_side)
        return _stacked(_moments(chain(self._stages(views), scene_scales(views))))

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The image in detail, the stages of its backbone, those of the backbone that sees it whole, and fixed maps."""
        views = views_of(images.to(self.naturalness_calibrator.centre.dtype), self.configuration.whole_side)
        for features, count in chain(self._stages(views), scene_scales(views)):
            yield describe(_together(features, count), sample_axis=1)

    def scene_moments(self, images: ImageBatch) -> Tensor:
        """Means and variances of the fixed maps, shape (N, 2, 90); they depend on no weights.

        Args:
            images: Shape (N, 3, H, W), in [0, 1].
        """
        return _stacked(_moments(scene_scales(views_of(images, self.configuration.whole_side))))

    def _stages(self, views: Views) -> Iterator[tuple[Tensor, int]]:
        """Maps (batch * count, channels, rows, columns) of the image and of each stage, and count."""
        yield views.detail, views.count
        yield from ((features, views.count) for features in self.detail(normalised(views.detail)))
        yield from ((features, 1) for features in self.whole(normalised(views.whole)))

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs."""
        return view_settings(self.configuration.whole_side)


class AFINETiny(AdaptivePair, AFINETinyNaturalness):
    """Quality of an image beside a reference that need not be perfect, 0 to 100."""

    info = QUALITY
    needs_reference = True
    weighed: ClassVar[str] = "damage"

    def __init__(self, config: AFINETinyConfig | None = None) -> None:
        AFINETinyNaturalness.__init__(self, config)
        sizes, channels = self.configuration, sum(self.level_channels)
        inputs = sizes.directions or 2 * channels
        self.damage_head = Regressor(inputs, sizes.damage_hidden, 1, sizes.damage_dropout)
        self.damage_calibrator = Calibrator(0.0, 1.0)
        self.fidelity_head = FaintFidelityHead(channels)
        self.fidelity_calibrator = Calibrator(0.0, 1.0)
        self.adapter = Adapter()

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The image in detail, the stages of its backbone, those of the backbone that sees it whole, and fixed maps."""
        return AFINETinyNaturalness.levels(self, images)

    def alone(self, moments: Moments) -> dict[str, ScoreBatch]:
        """Terms of images that need no reference.

        Beside raw_naturalness and naturalness, which follow opinions on photographs of anything, stand raw_damage and
        damage, which tell an image from worse copies of it: naturalness and what the damage head adds to it.
        """
        known = self.naturalness_head.directed(moments)
        raw = self.naturalness_head.regressor(known)
        raw_damage = raw + self.damage_head(known)
        return {
            "raw_naturalness": raw,
            "naturalness": self.naturalness_calibrator(raw),
            "raw_damage": raw_damage,
            "damage": self.damage_calibrator(raw_damage),
        }

    def final_score(self, adaptive: ScoreBatch) -> ScoreBatch:
        """(batch,) in (0, 100), of the combined quality D.

        D falls without bounds, and exponentially, for images that are better than their reference; its inverse
        hyperbolic sine leaves room between them.
        """
        return quality(adaptive.asinh())

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory in bytes that ``encode_reference`` of an image of this size holds."""
        sides = self.configuration.whole_side**2
        seen = min(height * width, 1024 * 1024)
        channels = enumerate(self.configuration.channels)
        numbers = 3 * seen + sum(each * (seen + sides) // 4 ** (stage + 2) for stage, each in channels)
        numbers += CHANNELS * (min(height * width, (FINE_SIDE * len(FINE_PLACES)) ** 2) + sides + sides // 4)
        return int(numbers * self.adapter.k.element_size())


def quality(raw: ScoreBatch) -> ScoreBatch:
    """(batch,) in (0, 100), higher is better, of numbers whose lower values are better."""
    return 100 * torch.sigmoid(-raw)


def mean_and_variance(samples: TokenBatch) -> tuple[ChannelBatch, ChannelBatch]:
    """Mean and population variance of each channel, quick where channels lie side by side in memory.

    Args:
        samples: Shape (batch, samples, channels).
    """
    mean = samples.mean(1)
    return mean, (samples - mean[:, None]).square().mean(1)


def normalised(images: ImageBatch) -> ImageBatch:
    """Images in [0, 1] as the backbones take them."""
    return (images - CENTRE) / SPREAD


def _moments(levels: Iterable[tuple[Tensor, int]]) -> Moments:
    """Moments of maps; none are kept."""
    found = Moments([], [])
    for features, count in levels:
        mean, variance = _pooled(features, count)
        found.means.append(mean)
        found.variances.append(variance)
    return found


def _pooled(features: Tensor, count: int) -> tuple[ChannelBatch, ChannelBatch]:
    """Mean and variance of the maps of each image, the quick way for how they lie in memory."""
    if not features.is_contiguous():
        return mean_and_variance(_together(features, count))
    rows = _precise(features).reshape(-1, count, features.shape[1], features.shape[2] * features.shape[3])
    mean = rows.mean(3).mean(1)
    return mean, (rows - mean[:, None, :, None]).square().mean(3).mean(1)


def _stacked(found: Moments) -> Tensor:
    return torch.stack([torch.cat(found.means, 1), torch.cat(found.variances, 1)], 1)


def _together(features: Tensor, count: int) -> Tensor:
    """Maps of the squares of each image, (batch * count, channels, rows, columns), as (batch, samples, channels)."""
    maps = _precise(features)
    return maps.permute(0, 2, 3, 1).reshape(len(maps) // count, -1, maps.shape[1])


def _precise(features: Tensor) -> Tensor:
    return features.to(torch.float64 if features.dtype == torch.float64 else torch.float32)
