"""What every model with A-FINE's shape does with two pictures: levels, fidelity, both naturalnesses, one score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from acutance.errors import ShapeMismatchError
from acutance.models.afine.heads import Adapter, Calibrator, FidelityHead
from acutance.models.afine.statistics import Level, Moments, PairMoments, pair_moments, pair_moments_against
from acutance.models.quality_model import QualityModel, check_batch
from acutance.shapes import ImageBatch, ScoreBatch


@dataclass(frozen=True, slots=True)
class EncodedReference:
    """What is kept of a reference."""

    shape: tuple[int, ...]
    """Shape of the batch of one that it was."""
    levels: list[Level]
    """All of them."""


class AdaptivePair(QualityModel):
    """Fidelity to the reference and naturalness of both pictures in one score; a model says what its levels are."""

    needs_reference = True
    weighed: ClassVar[str] = "naturalness"
    """The term of ``alone`` by which the adapter decides how much it counts beside fidelity."""
    naturalness_head: Any  # each model has its own
    """Makes raw naturalness (batch,), lower for better pictures, of the moments of levels."""
    naturalness_calibrator: Calibrator
    fidelity_head: FidelityHead
    fidelity_calibrator: Calibrator
    adapter: Adapter

    def plain(self, images: ImageBatch) -> ImageBatch:
        """Pictures in [0, 1], of such as this model takes."""
        return images

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The levels of pictures in [0, 1], one at a time."""
        raise NotImplementedError

    def alone(self, moments: Moments) -> dict[str, ScoreBatch]:
        """Terms of pictures that need no reference: raw_naturalness and naturalness."""
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

    def encode_reference(self, reference: ImageBatch) -> EncodedReference:
        """The levels of one reference (a batch of one), to compare many pictures with."""
        reference = self.plain(reference)
        check_batch(reference, "reference", self.smallest_side)
        return EncodedReference(tuple(reference.shape), list(self.levels(reference)))

    def terms_against(self, distorted: ImageBatch, features: list[EncodedReference]) -> dict[str, ScoreBatch]:
        """``terms`` of a batch, the i-th picture against the i-th encoded reference."""
        distorted = self.plain(distorted)
        check_batch(distorted, "distorted", self.smallest_side)
        for reference in features:
            if reference.shape[1:] != distorted.shape[1:]:
                raise ShapeMismatchError(distorted.shape[1:], reference.shape[1:])
        levels = [reference.levels for reference in features]
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
