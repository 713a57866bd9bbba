"""Where a search for a curve begins: a grid of centres and widths, and the best valleys of it."""

from dataclasses import replace

import numpy as np

from acutance.stats.curve_search import Sample, Shape, descend
from acutance.stats.samples import Numbers

CENTRES = 24
"""Centres of the grid, at equal shares of the scores, and as many again at equal distances from end to end."""
WIDTHS = 14
"""Widths of the grid, in equal ratios."""
BEYOND = 0.5
"""How far the grid goes beyond the scores, in ranges."""
VALLEYS = 8
"""How many valleys of the grid are searched."""
ROUGH = 1e-4
"""To which share of the error a valley is searched before the best are chosen."""
FINISHED = 3
"""How many of the best are searched to the bottom."""
POINTS = 1024
"""More pictures than this are put together in groups of equal count and neighbouring scores for the grid."""


def best_shape(sample: Sample) -> Shape:
    """The best curve that descents from the best valleys of a grid lead to."""
    coarse = _grouped(sample)
    found = sorted((descend(coarse, start, tolerance=ROUGH) for start in _valleys(coarse)), key=_error)
    return min((descend(sample, start) for start in _distinct(found)[:FINISHED]), key=_error)


def _error(shape: Shape) -> float:
    return shape.error


def _valleys(sample: Sample) -> list[Shape]:
    """Places of the grid that are no worse than their neighbours, the best first."""
    centres, log_widths = _centres(sample), np.linspace(np.log(sample.narrowest), np.log(sample.widest), WIDTHS)
    errors = np.stack([_errors(sample, centres, float(np.exp(value))) for value in log_widths], axis=1)
    padded = np.pad(errors, 1, constant_values=np.inf)
    rows, columns = errors.shape
    around = [padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    low = np.argwhere(errors <= np.min(around, axis=0))
    low = low[np.argsort(errors[low[:, 0], low[:, 1]], kind="stable")][:VALLEYS]
    return [Shape(float(centres[i]), float(log_widths[j]), (), float(errors[i, j])) for i, j in low]


def _centres(sample: Sample) -> Numbers:
    reach = BEYOND * (sample.high - sample.low)
    shares = np.quantile(sample.scores, np.linspace(0, 1, CENTRES))
    distances = np.linspace(sample.low - reach, sample.high + reach, CENTRES)
    return np.asarray(np.unique(np.concatenate([shares, distances])))


def _errors(sample: Sample, centres: Numbers, width: float) -> Numbers:
    """The error left over at each centre: that of the line or the mean, less what the logistic part explains."""
    part = np.tanh((sample.scores - centres[:, None]) * (0.5 / width))  # (centres, pictures)
    part -= part.mean(axis=1, keepdims=True)
    mos = sample.mos - sample.mos.mean()
    if sample.sloped:
        line = sample.scores - sample.scores.mean()
        line = line / np.sqrt(line @ line)
        part -= (part @ line)[:, None] * line
        mos = mos - (mos @ line) * line
    explained = (part @ mos) ** 2 / np.maximum((part**2).sum(axis=1), 1e-9)
    return np.asarray(mos @ mos - explained)


def _grouped(sample: Sample) -> Sample:
    """Means over neighbouring scores, if there are many pictures; the box stays."""
    count = len(sample.scores)
    if count <= POINTS:
        return sample
    order = np.argsort(sample.scores, kind="stable")
    starts = np.arange(POINTS) * count // POINTS
    sizes = np.diff(starts, append=count)
    scores = np.add.reduceat(sample.scores[order], starts) / sizes
    return replace(sample, scores=scores, mos=np.add.reduceat(sample.mos[order], starts) / sizes)


def _distinct(shapes: list[Shape]) -> list[Shape]:
    """Shapes of which no two are in the same place."""
    kept: list[Shape] = []
    for shape in shapes:
        near = [abs(shape.centre - other.centre) + abs(shape.log_width - other.log_width) < 1e-2 for other in kept]
        if not any(near):
            kept.append(shape)
    return kept
