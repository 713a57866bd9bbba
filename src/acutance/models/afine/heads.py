"""The heads of A-FINE, and the statistics of pairs that they read. Every quantity is lower for better images."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.models.afine.weights import FIDELITY_LIMITS, FIRST_FIDELITY, FIRST_NATURALNESS
from acutance.models.quality_model import EncodedReference, QualityModel, check_batch
from acutance.shapes import ChannelBatch, ImageBatch, ScoreBatch


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a batch of images: the mean of every channel and what remains without it."""

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
    """Moments of a batch, its i-th image against the kept levels of the i-th reference."""
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


EPSILON = 1e-10
"""Keeps the ratios of the fidelity head and the scales of the logistics from dividing by zero."""
PROJECTED_WIDTH = 128
"""Numbers that the naturalness head makes of one level."""
CALIBRATED_LIMIT = 2.0
"""Calibrated terms lie in (-2, 2)."""
SCORE_CENTRE = -1.9710
"""Fitted by the authors on SRIQA-Bench (afine.py); their fit file says -1.9701."""
SCORE_SCALE = 2.3734
"""Fitted with it."""


class NaturalnessHead(nn.Module):
    """Raw naturalness of an image, from the moments of its levels; unbounded, lower is better."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.projection = nn.Linear(2 * width, PROJECTED_WIDTH)
        self.hidden = nn.Linear(6 + depth * PROJECTED_WIDTH, width)
        self.output = nn.Linear(width, 1)

    def forward(self, moments: Moments) -> ScoreBatch:
        """(batch,) raw naturalness."""
        both = [torch.cat(pair, dim=1) for pair in zip(moments.means, moments.variances, strict=True)]
        levels = self.projection(torch.stack(both[1:], dim=1))  # (batch, depth, 128)
        joined = torch.cat([both[0], levels.flatten(1)], dim=1)  # (batch, 6 + depth * 128)
        raw: Tensor = self.output(functional.gelu(self.hidden(joined)))
        return raw.squeeze(1)


class FidelityHead(nn.Module):
    """Raw fidelity of a pair: a weighted distance of means and structure, 0 for equal images.

    Symmetric in the two images; at most a little under 2. The weights of both parts sum to 1, so the
    authors' ``1 - sum(weight * similarity)`` is taken as ``sum(weight * (1 - similarity))``, which is
    exactly 0 for equal images.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(channels).normal_(0.1, 0.01))
        self.beta = nn.Parameter(torch.empty(channels).normal_(0.1, 0.01))

    def forward(self, pairs: PairMoments) -> ScoreBatch:
        """(batch,) raw fidelity."""
        return self.weigh(*self.distances(pairs))

    def distances(self, pairs: PairMoments) -> tuple[ChannelBatch, ChannelBatch]:
        """How unlike the means and the structure of each channel are, (batch, channels) each; nothing is learned."""
        distorted, reference = pairs.distorted, pairs.reference
        mean, reference_mean = torch.cat(distorted.means, 1), torch.cat(reference.means, 1)
        variance, reference_variance = torch.cat(distorted.variances, 1), torch.cat(reference.variances, 1)
        covariance = torch.cat(pairs.covariances, 1)
        likeness = (2 * mean * reference_mean + EPSILON) / (mean.square() + reference_mean.square() + EPSILON)
        structure = (2 * covariance + EPSILON) / (variance + reference_variance + EPSILON)
        return 1 - likeness, 1 - structure

    def weigh(self, means: ChannelBatch, structures: ChannelBatch) -> ScoreBatch:
        """(batch,) raw fidelity, from the distances of each channel."""
        alpha, beta = functional.softplus(self.alpha), functional.softplus(self.beta)
        total = alpha.sum() + beta.sum() + EPSILON
        return ((alpha * means + beta * structures) / total).sum(1)


class Calibrator(nn.Module):
    """A logistic with ends -2 and 2, its centre and scale learned (equations 7 and 8).

    Args:
        scale: Initial scale; its magnitude counts.
        limits: Smallest and largest centre, smallest and largest scale, where they are held to limits.
    """

    def __init__(self, centre: float, scale: float, limits: tuple[float, float, float, float] | None = None) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.tensor(centre))
        self.scale = nn.Parameter(torch.tensor(scale))
        self.limits = limits

    def forward(self, raw: ScoreBatch) -> ScoreBatch:
        """(batch,) in (-2, 2), increasing with ``raw``."""
        centre: Tensor = self.centre
        scale: Tensor = self.scale
        if self.limits is not None:
            centre, scale = centre.clamp(*self.limits[:2]), scale.clamp(*self.limits[2:])
        return 2 * CALIBRATED_LIMIT * logistic(raw, centre, scale.abs() + EPSILON) - CALIBRATED_LIMIT


class Adapter(nn.Module):
    """Weighs naturalness against fidelity by which of the two images is more natural (equation 9)."""

    def __init__(self, k: float = 5.0) -> None:
        super().__init__()
        self.k = nn.Parameter(torch.tensor(k))

    def forward(self, naturalness: ScoreBatch, reference_naturalness: ScoreBatch, fidelity: ScoreBatch) -> ScoreBatch:
        """(batch,) the combined quality D, unbounded."""
        weight = torch.exp(functional.softplus(self.k) * (reference_naturalness - naturalness))
        return weight * naturalness + fidelity


def naturalness_calibrator() -> Calibrator:
    """The calibrator of naturalness at the authors' initial values (fitted on PIPAL)."""
    return Calibrator(*FIRST_NATURALNESS)


def fidelity_calibrator() -> Calibrator:
    """The calibrator of fidelity at the authors' initial values and limits."""
    return Calibrator(*FIRST_FIDELITY, limits=FIDELITY_LIMITS)


def final_score(adaptive: ScoreBatch) -> ScoreBatch:
    """(batch,) in (0, 100), of the combined quality D."""
    scale = torch.as_tensor(SCORE_SCALE + EPSILON, dtype=adaptive.dtype, device=adaptive.device)
    return 100 * logistic(adaptive, torch.as_tensor(SCORE_CENTRE).to(scale), scale)


def logistic(values: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """``1 / (1 + exp(-(values - centre) / scale))``, stable at both ends."""
    return torch.sigmoid((values - centre) / scale)


class AdaptivePair(QualityModel):
    """Fidelity to the reference and naturalness of both images in one score; a model says what its levels are."""

    needs_reference = True
    weighed: ClassVar[str] = "naturalness"
    """The term of ``alone`` by which the adapter decides how much it counts beside fidelity."""
    naturalness_head: Any  # each model has its own
    """Makes raw naturalness (batch,), lower for better images, of the moments of levels."""
    naturalness_calibrator: Calibrator
    fidelity_head: FidelityHead
    fidelity_calibrator: Calibrator
    adapter: Adapter

    def plain(self, images: ImageBatch) -> ImageBatch:
        """Images in [0, 1], of such as this model takes."""
        return images

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The levels of images in [0, 1], one at a time."""
        raise NotImplementedError

    def alone(self, moments: Moments) -> dict[str, ScoreBatch]:
        """Terms of images that need no reference: raw_naturalness and naturalness."""
        raw: Tensor = self.naturalness_head(moments)
        return {"raw_naturalness": raw, "naturalness": self.naturalness_calibrator(raw)}

    def final_score(self, adaptive: ScoreBatch) -> ScoreBatch:
        """(batch,) scores, of the combined quality D, whose lower values are better."""
        raise NotImplementedError

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """Raw and calibrated naturalness of both, raw and calibrated fidelity, adaptive (D) and score."""
        distorted, reference = self.checked_pair(
            self.plain(distorted), None if reference is None else self.plain(reference)
        )
        return self._combine(pair_moments(self.levels(distorted), self.levels(reference)))

    def encode_reference(self, reference: ImageBatch) -> EncodedReference[list[Level]]:
        """The levels of one reference (a batch of one), to compare many images with."""
        reference = self.plain(reference)
        check_batch(reference, "reference", self.smallest_side)
        return EncodedReference(tuple(reference.shape), list(self.levels(reference)))

    def terms_against(
        self, distorted: ImageBatch, features: list[EncodedReference[list[Level]]]
    ) -> dict[str, ScoreBatch]:
        """``terms`` of a batch, the i-th image against the i-th encoded reference."""
        distorted = self.plain(distorted)
        levels = self.kept_beside(distorted, features)
        return self._combine(pair_moments_against(self.levels(distorted), levels))

    def _combine(self, pairs: PairMoments) -> dict[str, ScoreBatch]:
        distorted, reference = self.alone(pairs.distorted), self.alone(pairs.reference)
        raw_fidelity = self.fidelity_head(pairs)
        fidelity = self.fidelity_calibrator(raw_fidelity)
        adaptive = self.adapter(distorted[self.weighed], reference[self.weighed], fidelity)
        each: dict[str, ScoreBatch] = {}
        for name, value in distorted.items():
            each |= {name: value, of_reference(name): reference[name]}
        return {
            **each,
            "raw_fidelity": raw_fidelity,
            "fidelity": fidelity,
            "adaptive": adaptive,
            "score": self.final_score(adaptive),
        }


def of_reference(term: str) -> str:
    """What a term of ``alone`` is called for the reference.

    Example:
        >>> [of_reference(term) for term in ("raw_naturalness", "naturalness")]
        ['raw_reference_naturalness', 'reference_naturalness']
    """
    raw = "raw_"
    return f"{raw}reference_{term.removeprefix(raw)}" if term.startswith(raw) else f"reference_{term}"
