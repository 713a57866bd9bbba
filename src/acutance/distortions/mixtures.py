"""Mixtures: several distortions one after the other, drawn from a seed and written down so that they can be remade.

The draw is the degradation model of ARNIQA (Agnolucci et al., WACV 2024, arXiv 2310.14918): families without
repetition in random order, one kind of each, weak levels more often than strong ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acutance.distortions.ladder import KINDS, LEVELS, check_level, distorted_floats, known_kind
from acutance.distortions.pixels import as_floats, like
from acutance.errors import ConfigError

LEVEL_SPREAD = 2.5
"""Standard deviation of the half Gaussian, from level 1 up, that levels are drawn from (ARNIQA)."""
MOST_STEPS = 4
"""How many distortions a mixture has at most unless told otherwise (ARNIQA's training)."""
_STREAM = 26
"""Sets the draw of a mixture apart from the draws of the kinds, whose numbers end at 25."""


@dataclass(frozen=True)
class Mixture:
    """Distortions in the order in which they are applied, at most one of a family.

    Args:
        steps: Kind and level of each, at least one.
        seed: What their random parts draw from, 0 or more.

    Raises:
        ConfigError: No step, a level out of range, two kinds of one family, or a seed below 0.
        UnknownNameError: A kind that nobody knows.
    """

    steps: tuple[tuple[str, int], ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.steps:
            raise ConfigError("Expected a mixture of at least one distortion, got none.")
        if self.seed < 0:
            raise ConfigError(f"Expected a seed of 0 or more, got {self.seed}.")
        used: dict[str, str] = {}
        for name, level in self.steps:
            family = known_kind(name).family
            check_level(level)
            if family in used:
                raise ConfigError(
                    f"Expected at most one distortion of the family {family!r}, got {used[family]!r} and {name!r}. "
                    "Remove one of them."
                )
            used[family] = name

    def to_json(self) -> dict[str, Any]:
        """What ``from_json`` makes the same mixture of; numbers, strings, lists and a dictionary only."""
        return {"seed": self.seed, "steps": [[name, level] for name, level in self.steps]}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Mixture":
        """The mixture of a record.

        Args:
            record: What ``to_json`` gave, after JSON or not.

        Raises:
            ConfigError: If it is no such record, or describes no possible mixture.
        """
        try:
            steps = tuple((str(name), int(level)) for name, level in record["steps"])
            return cls(steps, int(record["seed"]))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(
                f'Expected a mixture as {{"seed": 0, "steps": [["gblur", 3]]}}, got {dict(record)!r}.'
            ) from error


def draw_mixture(seed: int, *, fewest: int = 2, most: int = MOST_STEPS, kinds: Sequence[str] | None = None) -> Mixture:
    """A random mixture, always the same for the same arguments.

    Args:
        seed: 0 or more; also the seed of the mixture.
        fewest: Least number of distortions, at least 1.
        most: Largest number; no more than there are families among the kinds.
        kinds: Names to draw from; ``None`` is all 25.

    Raises:
        ConfigError: If the numbers or the seed are out of range.
        UnknownNameError: If nobody knows a kind.

    Example:
        >>> draw_mixture(3)
        Mixture(steps=(('noisequantize', 5), ('contrastchange', 4), ('jp2k', 1), ('mblur', 1)), seed=3)
    """
    families: dict[str, list[str]] = {}
    for name in KINDS if kinds is None else kinds:
        families.setdefault(known_kind(name).family, []).append(name)
    if not 1 <= fewest <= most <= len(families):
        raise ConfigError(
            f"Expected 1 <= fewest <= most <= {len(families)}, the number of families among the kinds, "
            f"got {fewest} and {most}."
        )
    if seed < 0:
        raise ConfigError(f"Expected a seed of 0 or more, got {seed}.")
    generator = np.random.default_rng([seed, _STREAM])
    number = int(generator.integers(fewest, most + 1))
    chosen = generator.permutation(len(families))[:number]
    groups = list(families.values())
    names = [groups[index][int(generator.integers(len(groups[index])))] for index in chosen]
    levels = generator.choice(np.arange(1, LEVELS + 1), size=number, p=_level_chances())
    return Mixture(tuple((name, int(level)) for name, level in zip(names, levels, strict=True)), seed)


def apply_mixture(image: NDArray[Any], mixture: Mixture, *, mask: NDArray[Any] | None = None) -> NDArray[Any]:
    """The image with all distortions of a mixture, one after the other.

    Between the steps values stay floats in [0, 1]; only the last result is rounded, and blended where a mask says so.

    Args:
        image: As ``distort`` takes it; never changed.
        mixture: What to do.
        mask: As ``distort`` takes it.

    Returns:
        Shape and type of the image.

    Raises:
        InputError: If the image or the mask has another shape or type, or floats outside [0, 1].
    """
    floats = as_floats(image)
    for name, level in mixture.steps:
        floats = distorted_floats(floats, name, level, mixture.seed).clip(0, 1)
    return like(floats, image, mask)


def _level_chances() -> NDArray[np.float64]:
    weights = np.exp(-0.5 * (np.arange(LEVELS) / LEVEL_SPREAD) ** 2)
    return np.asarray(weights / weights.sum())
