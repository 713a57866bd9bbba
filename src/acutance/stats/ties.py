"""Pictures that are equal in a column, and ranks of columns whose pictures count several times."""

import numpy as np
from jaxtyping import Float64, Int64

Indices = Int64[np.ndarray, "_"]
Column = Float64[np.ndarray, "_"]


class Ties:
    """The groups of pictures that are equal in a column, in increasing order.

    Args:
        values: One number a picture, without NaN.

    Example:
        >>> ties = Ties(np.array([3.0, 1.0, 3.0]))
        >>> ties.ranks, ties.sums(np.array([1, 1, 5]))
        (array([1, 0, 1]), array([1, 6]))
    """

    def __init__(self, values: Column | Indices) -> None:
        self.ranks: Indices = np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)
        """The group of each picture, from 0."""
        self._order = np.argsort(self.ranks, kind="stable")
        ordered = self.ranks[self._order]
        self._ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        self._alone = len(self._ends) == len(ordered)

    def sums(self, counts: Indices) -> Indices:
        """How many pictures each group has, if each occurs as often as it counts."""
        ordered = counts.take(self._order)
        return ordered if self._alone else np.diff(np.cumsum(ordered).take(self._ends), prepend=0)

    def tied_pairs(self, counts: Indices) -> int:
        """How many pairs are equal; a picture that occurs twice is one of them."""
        return pairs_within(counts if self._alone else self.sums(counts))

    def centred_ranks(self, counts: Indices) -> tuple[Column, float]:
        """Twice the mean rank of each picture less the middle rank, and the sum of squares of these over all."""
        sums = self.sums(counts)
        doubled = 2.0 * np.cumsum(sums) - sums - float(sums.sum())  # last rank + first - 1 of each group, less n
        return doubled.take(self.ranks), float(np.einsum("i,i,i->", sums.astype(np.float64), doubled, doubled))


def pairs_within(sums: Indices) -> int:
    """How many pairs groups of these sizes have inside."""
    return (dot(sums, sums) - int(sums.sum())) // 2


def dot(first: Indices, second: Indices) -> int:
    """The sum of products; exact."""
    return int(np.einsum("i,i->", first, second))


def weighted_srcc(first: Ties, second: Ties, counts: Indices) -> float:
    """Spearman's correlation of the sample in which each picture occurs as often as it counts; NaN if one is constant.

    Args:
        first: The ties of one column.
        second: Those of the other.
        counts: Whole numbers of at least 0, one a picture.

    Example:
        >>> first, second = Ties(np.array([1.0, 2.0, 3.0])), Ties(np.array([1.0, 3.0, 2.0]))
        >>> weighted_srcc(first, second, np.array([1, 1, 1])), weighted_srcc(first, second, np.array([2, 3, 0]))
        (0.5, 1.0)
    """
    (ranks, squares), (others, other_squares) = first.centred_ranks(counts), second.centred_ranks(counts)
    if squares <= 0 or other_squares <= 0:
        return float("nan")
    products = float(np.einsum("i,i,i->", counts.astype(np.float64), ranks, others))
    return float(np.clip(products / np.sqrt(squares * other_squares), -1.0, 1.0))
