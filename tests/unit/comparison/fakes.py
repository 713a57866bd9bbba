"""Scores of methods that tests make up."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acutance.comparison.measure import CompleteScores
from acutance.comparison.results import ImageScores
from acutance.types import Better

METHODS = ("blur", "noise", "ours")


def complete(
    values: Sequence[Sequence[float]] | NDArray[np.float64],
    *,
    model: str = "psnr",
    better: Better = "higher",
    methods: Sequence[str] | None = None,
) -> CompleteScores:
    """Scores of images ``p0``, ``p1`` and so on, a row an image."""
    array = np.array(values, dtype=np.float64)
    names = METHODS[: array.shape[1]] if methods is None else methods
    return CompleteScores(model, better, tuple(names), tuple(f"p{index}" for index in range(len(array))), array)


def drawn(seed: int, pictures: int = 40, methods: int = 3, *, ties: bool = False) -> CompleteScores:
    """Random scores, the later methods better; with ``ties`` rounded, so that some are equal."""
    generator = np.random.default_rng(seed)
    values = generator.normal(20.0, 2.0, (pictures, 1)) + generator.normal(
        0.4 * np.arange(methods), 1.0, (pictures, methods)
    )
    return complete(np.round(values) if ties else values, methods=[f"m{index}" for index in range(methods)])


def picture(name: str, scores: Mapping[str, Mapping[str, float | None]]) -> ImageScores:
    """An image with scores by model, then method; those that are missing failed."""
    methods = list(next(iter(scores.values())))
    return ImageScores(
        picture=name,
        reference=f"truth/{name}",
        images={method: f"{method}/{name}" for method in methods},
        scores={model: dict(row) for model, row in scores.items()},
        errors={
            model: {method: "Expected an image, got none." for method, score in row.items() if score is None}
            for model, row in scores.items()
            if None in row.values()
        },
    )
