"""What several models said of the same pictures of one data set, picture by picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acutance.evaluation.inputs import Numbers
from acutance.evaluation.results import Evaluation, Prediction
from acutance.stats.correlation import clipped_scores, plcc
from acutance.stats.curves import PARAMETERS, fit_curve
from acutance.types import Better, CurveKind


@dataclass(frozen=True)
class Fitted:
    """What a model's scores become by a curve, turned so that higher is better."""

    scores: Numbers
    """Scores on the scale of the opinions; negated where the curve says that better scores look worse."""
    residuals: Numbers
    """Error of each, in units of the opinions."""
    parameters: int
    """How many parameters the curve has."""
    is_reverse: bool
    """Whether the curve says that better scores look worse."""


@dataclass(frozen=True, kw_only=True)
class CommonPictures:
    """The pictures that both of two models scored and people rated; higher is better in every column."""

    first: Numbers
    """Scores of the first model; infinite ones as they are."""
    second: Numbers
    """Scores of the second."""
    mos: Numbers
    """Opinions."""
    mos_std: Numbers
    """Standard deviations of the single opinions; NaN where unknown."""
    num_votes: Numbers
    """How many opinions; NaN where unknown."""
    note: str
    """How many pictures only one of them scored, by name; empty if none."""
    fault: str
    """Why the two cannot be compared; empty if they can."""

    @property
    def has_votes(self) -> bool:
        """Whether spread and number of votes are known of every picture."""
        return len(self.mos) > 0 and not bool(np.isnan(self.mos_std + self.num_votes).any())


class Sheet:
    """Several models on one data set, one row a picture.

    Args:
        evaluations: Of one data set; a picture is known by its path and that of its reference.
    """

    def __init__(self, evaluations: Sequence[Evaluation]) -> None:
        self._models = [evaluation.model for evaluation in evaluations]
        places: dict[tuple[str, str | None], int] = {}
        for evaluation in evaluations:
            for prediction in evaluation.predictions:
                places.setdefault((prediction.image, prediction.reference), len(places))
        self._scores = np.full((len(evaluations), len(places)), np.nan)
        self._mos, self._std, self._votes = (np.full_like(self._scores, np.nan) for _ in range(3))
        for row, evaluation in enumerate(evaluations):
            columns = [places[prediction.image, prediction.reference] for prediction in evaluation.predictions]
            self._scores[row, columns] = _sign(evaluation.better) * _column(evaluation.predictions, "predicted")
            self._mos[row, columns] = _sign(evaluation.mos_better) * _column(evaluation.predictions, "ground_truth")
            self._std[row, columns] = _column(evaluation.predictions, "mos_std")
            self._votes[row, columns] = _column(evaluation.predictions, "num_votes")
        self._fits: dict[tuple[int, bytes, CurveKind], Fitted] = {}

    @property
    def is_rated(self) -> bool:
        """Whether there is an opinion of any picture."""
        return bool((~np.isnan(self._mos)).any())

    def common(self, first: int, second: int) -> CommonPictures:
        """What both of two models scored."""
        mask = self._mask(first, second)
        mos = self._mos[first, mask]
        differing = int((mos != self._mos[second, mask]).sum())
        return CommonPictures(
            first=self._scores[first, mask],
            second=self._scores[second, mask],
            mos=mos,
            mos_std=self._std[first, mask],
            num_votes=self._votes[first, mask],
            note=self._note(first, second, int(mask.sum())),
            fault=f"Expected the same opinions of both, got other ones of {differing} pictures." if differing else "",
        )

    def fitted(self, model: int, other: int, kind: CurveKind) -> Fitted:
        """The scores of a model after the curve, on the pictures it has in common with another.

        Args:
            model: Its place among the evaluations.
            other: The place of the other.
            kind: Which curve was asked for.

        Raises:
            StatisticsError: Too few or constant scores.
        """
        mask = self._mask(model, other)
        key = (model, mask.tobytes(), kind)
        if key not in self._fits:
            self._fits[key] = _fit(self._scores[model, mask], self._mos[model, mask], kind)
        return self._fits[key]

    def _mask(self, first: int, second: int) -> NDArray[np.bool_]:
        """Pictures that both scored and that both have an opinion of."""
        places = [first, second]
        mask: NDArray[np.bool_] = ~(np.isnan(self._scores[places]) | np.isnan(self._mos[places])).any(axis=0)
        return mask

    def _note(self, first: int, second: int, common: int) -> str:
        """How many rated pictures are not common, and whose scores are missing."""
        rated = ~np.isnan(self._mos[[first, second]]).all(axis=0)
        total = int(rated.sum())
        if common == total:
            return ""
        missing = [(self._models[place], int(np.isnan(self._scores[place, rated]).sum())) for place in (first, second)]
        without = " and ".join(f"{model} has no score of {count}" for model, count in missing if count)
        return f"tested on {common} of {total} rated pictures" + (f": {without}" if without else "")


def _fit(scores: Numbers, mos: Numbers, kind: CurveKind) -> Fitted:
    finite, _ = clipped_scores(scores)
    curve = fit_curve(finite, mos, kind=kind, needs_errors=True)
    predicted = curve(finite)
    is_reverse = curve.is_decreasing == (plcc(predicted, mos) > 0)
    return Fitted(-predicted if is_reverse else predicted, predicted - mos, PARAMETERS[curve.kind], is_reverse)


def _sign(better: Better) -> float:
    return 1.0 if better == "higher" else -1.0


def _column(predictions: Sequence[Prediction], name: str) -> Numbers:
    found = (getattr(prediction, name) for prediction in predictions)
    return np.fromiter((np.nan if value is None else value for value in found), np.float64, len(predictions))
