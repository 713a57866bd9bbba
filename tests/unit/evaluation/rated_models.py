"""Evaluations of invented models, for tests of what is made of them."""

from collections.abc import Sequence

import numpy as np

from acutance.evaluation.results import Agreement, Evaluation, FittedCurve, Group, Prediction
from acutance.types import Better


def agreement(count: int = 0, *, curve: str | None = None, **numbers: float | None) -> Agreement:
    """An agreement with these numbers and no others."""
    names = ("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio")
    fitted = FittedCurve.model_validate({"kind": curve, "wanted": curve, "parameters": ()}) if curve else None
    return Agreement.model_validate(dict.fromkeys(names) | numbers | {"count": count, "curve": fitted})


def evaluation(
    model: str,
    scores: Sequence[float | None],
    mos: Sequence[float | None] = (),
    *,
    dataset: str = "fake",
    better: Better = "higher",
    mos_better: Better = "higher",
    mos_std: float | None = None,
    num_votes: int | None = None,
    curve: str | None = "logistic4",
    numbers: dict[str, float | None] | None = None,
    splits: dict[str, Agreement] | None = None,
    protocol: str = "plain",
) -> Evaluation:
    """A model that gave these scores to images p0.png and on, of which people said this."""
    opinions = list(mos) or [None] * len(scores)
    predictions = [
        Prediction(
            image=f"p{place}.png",
            predicted=score,
            ground_truth=opinion,
            mos_std=mos_std,
            num_votes=num_votes,
            scene=f"s{place // 4}",
            error="no such file" if score is None else None,
        )
        for place, (score, opinion) in enumerate(zip(scores, opinions, strict=True))
    ]
    return Evaluation(
        model=model,
        dataset=dataset,
        better=better,
        mos_better=mos_better,
        protocol=protocol,
        agreement=agreement(len(scores), curve=curve, **(numbers or {})),
        groups={"split": [Group(name=name, agreement=one) for name, one in splits.items()]} if splits else {},
        predictions=predictions,
    )


def opinions(count: int, seed: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Opinions from 1 to 5."""
    return np.random.default_rng(seed).uniform(1, 5, count)


def noisy(mos: "np.ndarray[tuple[int], np.dtype[np.float64]]", noise: float, seed: int) -> list[float]:
    """Scores of a model that sees opinions through noise of this standard deviation."""
    return [float(value) for value in mos + np.random.default_rng(seed).normal(0, noise, len(mos))]
