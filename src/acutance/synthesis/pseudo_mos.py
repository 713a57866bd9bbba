"""One pseudo opinion score out of the scores of several metrics: the mean of their ranks."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from acutance.errors import InputError
from acutance.types import ScoreInfo


def pseudo_mos(scores: Mapping[str, Sequence[float]], infos: Mapping[str, ScoreInfo]) -> NDArray[np.float64]:
    """The pseudo-MOS of every picture of a set, between 0 and 1, higher is better.

    Each metric's scores are turned so that higher is better, and replaced by their mid-rank share: the part of the
    set that scores lower, pictures of equal score counted half, the picture itself among them. The mean over the
    metrics is the pseudo-MOS.

    Args:
        scores: Scores of the pictures by metric, in one order; infinite ones are ranked as what they are.
        infos: What the scores of each metric mean.

    Raises:
        InputError: No metric, metrics of unequally many pictures, or a score that is no number.

    Example:
        >>> psnr, mdsi = ScoreInfo(better="higher", low=0, high=np.inf), ScoreInfo(better="lower", low=0, high=1)
        >>> pseudo_mos({"psnr": [20.0, 30.0], "mdsi": [0.4, 0.4]}, {"psnr": psnr, "mdsi": mdsi}).tolist()
        [0.375, 0.625]
    """
    counts = {len(values) for values in scores.values()}
    if len(counts) != 1:
        raise InputError(f"Expected scores of one number of pictures, got {sorted(counts)}. Score all by all metrics.")
    shares = [_shares(name, values, infos[name]) for name, values in scores.items()]
    return np.asarray(np.mean(shares, axis=0))


def _shares(name: str, values: Sequence[float], info: ScoreInfo) -> NDArray[np.float64]:
    turned = np.asarray(values, dtype=np.float64) * (1 if info.better == "higher" else -1)
    if np.isnan(turned).any():
        raise InputError(f"Expected numbers from {name}, got NaN for {int(np.isnan(turned).sum())}. Leave them out.")
    return np.asarray((rankdata(turned, method="average") - 0.5) / max(len(turned), 1))
