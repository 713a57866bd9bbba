"""Otsu's thresholds for more than two classes, exactly."""

import numpy as np
from numpy.typing import NDArray


def otsu_thresholds(histogram: NDArray[np.int64], count: int) -> NDArray[np.int64] | None:
    """The thresholds that split a histogram into classes of the largest variance between them.

    Found by dynamic programming over the last threshold, so that no better ones exist (Otsu 1979; MATLAB's
    ``multithresh`` searches from a start and may stop short of them).

    Args:
        histogram: How often each level occurs; shape (levels,).
        count: How many thresholds, at least 1.

    Returns:
        The last level of each class but the highest, rising; ``None`` if no more than ``count`` levels occur, so
        that nothing can be split.
    """
    occurring = np.flatnonzero(histogram)
    if len(occurring) <= count:
        return None
    numbers = histogram[occurring].astype(np.float64)
    number = np.concatenate([[0], np.cumsum(numbers)])
    total = np.concatenate([[0], np.cumsum(numbers * occurring)])
    size = number - number[:, np.newaxis]  # (first level, behind the last level)
    gain = np.full_like(size, -np.inf)
    upper = np.triu_indices(len(number), 1)
    gain[upper] = (total - total[:, np.newaxis])[upper] ** 2 / size[upper]
    best = gain[0]
    choices = []
    for _ in range(count):
        sums = best[:, np.newaxis] + gain
        choices.append(sums.argmax(axis=0))
        best = sums.max(axis=0)
    ends = []
    end = len(occurring)
    for choice in reversed(choices):
        end = int(choice[end])
        ends.append(end)
    return np.asarray(occurring[np.array(ends[::-1]) - 1])
