"""Corrections of p-values for how many tests were made."""

from collections.abc import Sequence

import numpy as np

from acutance.stats.faults import StatisticsError
from acutance.stats.samples import Numbers


def bonferroni(p_values: Numbers | Sequence[float]) -> Numbers:
    """Each p-value times their number, at most 1: at most 5 % of families have a false finding at 0.05.

    Args:
        p_values: From 0 to 1, one a test (tests,); may be empty.

    Returns:
        Corrected p-values in the same order (tests,).

    Raises:
        StatisticsError: A p-value that is none.

    Example:
        >>> bonferroni(np.array([0.01, 0.5])).tolist()
        [0.02, 1.0]
    """
    found = _checked(p_values)
    return np.asarray(np.minimum(1.0, found * len(found)))


def holm(p_values: Numbers | Sequence[float]) -> Numbers:
    """Holm's step-down correction (1979), as safe as Bonferroni's and never larger.

    The smallest p-value is multiplied by the number of tests, the next by one less, and so on; none is below one that
    was smaller before.

    Args:
        p_values: From 0 to 1, one a test (tests,); may be empty.

    Returns:
        Corrected p-values in the same order (tests,).

    Raises:
        StatisticsError: A p-value that is none.

    Example:
        >>> holm(np.array([0.03, 0.01, 0.04])).tolist()
        [0.06, 0.03, 0.06]
    """
    found = _checked(p_values)
    order = np.argsort(found, kind="stable")
    stepped = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    return _in_order(order, stepped)


def benjamini_hochberg(p_values: Numbers | Sequence[float]) -> Numbers:
    """Benjamini and Hochberg's correction (1995): on average at most 5 % of findings at 0.05 are false.

    For tests that are independent or positively dependent.

    Args:
        p_values: From 0 to 1, one a test (tests,); may be empty.

    Returns:
        Corrected p-values in the same order (tests,).

    Raises:
        StatisticsError: A p-value that is none.

    Example:
        >>> benjamini_hochberg(np.array([0.03, 0.01, 0.04])).tolist()
        [0.04, 0.03, 0.04]
    """
    found = _checked(p_values)
    order = np.argsort(found, kind="stable")[::-1]
    places = np.arange(len(found), 0, -1)
    stepped = np.minimum.accumulate(found[order] * len(found) / places)
    return _in_order(order, stepped)


def _checked(p_values: Numbers | Sequence[float]) -> Numbers:
    found = np.asarray(p_values, dtype=np.float64)
    wrong = found[~((found >= 0) & (found <= 1))]  # NaN is neither
    if len(wrong):
        raise StatisticsError(f"Expected p-values from 0 to 1, got {wrong[0]:g}. Leave tests without one out.")
    return found


def _in_order(order: np.ndarray, stepped: Numbers) -> Numbers:
    found = np.empty(len(order))
    found[order] = np.minimum(1.0, stepped)
    return found
