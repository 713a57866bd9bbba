"""First and second moments of the levels of an image pair, one level at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from acutance.shapes import ChannelBatch


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a batch of pictures: the mean of every channel and what remains without it."""

    mean: ChannelBatch
    """(batch, channels), over the samples."""
    variance: ChannelBatch
    """(batch, channels), population variance over the samples."""
    centred: Tensor
    """(batch, samples, channels) for tokens, (batch, channels, samples) for pixels; the samples with their mean
    where covariances are taken uncentred."""
    sample_axis: int
    """Which axis of ``centred`` holds the samples."""
    uncentred: bool = False
    """Whether covariances are ``mean(xy) - mean(x) mean(y)``, as in the authors' code."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of all levels of a batch, a list entry per level, each (batch, channels)."""

    means: list[Tensor]
    variances: list[Tensor]


@dataclass(frozen=True, slots=True)
class PairMoments:
    """Moments of a batch of pairs."""

    distorted: Moments
    reference: Moments
    covariances: list[Tensor]


def describe(samples: Tensor, sample_axis: int, *, uncentred: bool = False) -> Level:
    """The level that these samples make.

    Args:
        samples: Of a batch.
        sample_axis: Which axis they lie on.
        uncentred: Take covariances as the authors' code does. Their rounding is divided by 1e-10 where a channel is
            all but constant.
    """
    mean = samples.mean(sample_axis, keepdim=True)
    centred = samples - mean
    variance = centred.square().mean(sample_axis)
    return Level(mean.squeeze(sample_axis), variance, samples if uncentred else centred, sample_axis, uncentred)


def moments(levels: Iterable[Level]) -> Moments:
    """Moments of every level; no level is kept."""
    collected = Moments([], [])
    for level in levels:
        _add(collected, level)
    return collected


def pair_moments(distorted: Iterable[Level], reference: Iterable[Level]) -> PairMoments:
    """Moments of two batches of equal length, taken level by level; no level is kept."""
    pairs = PairMoments(Moments([], []), Moments([], []), [])
    for ours, theirs in zip(distorted, reference, strict=True):
        _add(pairs.distorted, ours)
        _add(pairs.reference, theirs)
        products = (ours.centred * theirs.centred).mean(ours.sample_axis)
        pairs.covariances.append(products - ours.mean * theirs.mean if ours.uncentred else products)
    return pairs


def pair_moments_against(distorted: Iterable[Level], references: Sequence[Sequence[Level]]) -> PairMoments:
    """Moments of a batch, its i-th picture against the kept levels of the i-th reference."""
    pairs = PairMoments(Moments([], []), Moments([], []), [])
    for ours, theirs in zip(distorted, _level_by_level(references), strict=True):
        _add(pairs.distorted, ours)
        pairs.reference.means.append(torch.cat([level.mean for level in theirs]))
        pairs.reference.variances.append(torch.cat([level.variance for level in theirs]))
        products = [
            (centred * level.centred[0]).mean(ours.sample_axis - 1)
            for centred, level in zip(ours.centred, theirs, strict=True)
        ]
        means = ours.mean * pairs.reference.means[-1] if ours.uncentred else 0
        pairs.covariances.append(torch.stack(products) - means)
    return pairs


def _level_by_level(references: Sequence[Sequence[Level]]) -> Iterator[tuple[Level, ...]]:
    return zip(*references, strict=True)


def _add(collected: Moments, level: Level) -> None:
    collected.means.append(level.mean)
    collected.variances.append(level.variance)
