"""Which picture is made of which source and how: a function of the seed and the place in the plan, nothing else."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np

from acutance.distortions import KINDS, Mixture, draw_mixture
from acutance.distortions.mixtures import MOST_STEPS
from acutance.errors import ConfigError

_SOURCE_STREAM, _CHOICE_STREAM = 1, 2
"""Set the two shuffles of one seed apart."""


@dataclass(frozen=True)
class Item:
    """One picture to make."""

    source: int
    """Place of its source among the sources."""
    name: str
    """Its file name."""
    mixture: Mixture
    """What is done to the source; a single distortion is a mixture of one step."""
    level: int | None
    """Level of a single distortion; ``None`` for mixtures, which have one a step."""

    @property
    def distortion(self) -> str:
        """The kind, or the steps of a mixture such as ``gblur-3+jpeg-1``."""
        if self.level is not None:
            return self.mixture.steps[0][0]
        return "+".join(f"{kind}-{level}" for kind, level in self.mixture.steps)


@runtime_checkable
class Plan(Protocol):
    """Items by their place."""

    def __len__(self) -> int: ...

    def item(self, index: int) -> Item:
        """The item of that place, from 0."""
        ...

    def sources_used(self) -> list[int]:
        """Places of the sources that have an item, in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What items are drawn from."""

    names: Sequence[str]
    """Names of the sources, each once."""
    kinds: Sequence[str]
    levels: Sequence[int]
    seed: int
    ending: str
    """Of the pictures, such as ``.png``."""


class LadderPlan:
    """Every kind and level of every source, source by source, then its mixtures.

    Args:
        choices: What is made of what.
        mixtures: How many mixtures of each source.

    Raises:
        ConfigError: Mixtures of kinds of one family.
    """

    def __init__(self, choices: Choices, mixtures: int = 0) -> None:
        self._choices = choices
        self._single = len(choices.kinds) * len(choices.levels)
        self._each = self._single + mixtures
        self._most = _most_steps(choices.kinds) if mixtures else 0

    def __len__(self) -> int:
        return len(self._choices.names) * self._each

    def item(self, index: int) -> Item:
        """The item of that place, from 0."""
        source, place = divmod(index, self._each)
        name, chosen = self._choices.names[source], self._choices
        if place < self._single:
            kind, level = _kind_and_level(chosen, place)
            return _single(source, f"{name}_", kind, level, derived_seed(chosen.seed, name), chosen.ending)
        number = place - self._single + 1
        seed = derived_seed(chosen.seed, name, number)
        mixture = draw_mixture(seed, most=self._most, kinds=chosen.kinds)
        return Item(source, f"{name}_mixture_{number:02d}{chosen.ending}", mixture, None)

    def sources_used(self) -> list[int]:
        """All of them."""
        return list(range(len(self._choices.names)))


class RandomPlan:
    """Random sources, kinds and levels, as evenly as can be: none comes again before all had their turn.

    An item depends on the choices and its place, not on how many there are.

    Args:
        choices: What is drawn from.
        count: How many items.
        mixture_share: Part of them that are mixtures, 0 to 1, evenly spread.

    Raises:
        ConfigError: A share out of range, or mixtures of kinds of one family.
    """

    def __init__(self, choices: Choices, count: int, mixture_share: float = 0.0) -> None:
        if not 0 <= mixture_share <= 1:
            raise ConfigError(f"Expected a share of mixtures from 0 to 1, got {mixture_share}. Change the share.")
        self._choices = choices
        self._count = count
        self._share = mixture_share
        self._most = _most_steps(choices.kinds) if mixture_share else 0

    def __len__(self) -> int:
        return self._count

    def item(self, index: int) -> Item:
        """The item of that place, from 0."""
        chosen = self._choices
        source = self._source(index)
        seed = derived_seed(chosen.seed, index)
        before = math.floor(index * self._share)
        if math.floor((index + 1) * self._share) > before:
            mixture = draw_mixture(seed, most=self._most, kinds=chosen.kinds)
            return Item(source, f"{index:07d}_mixture{chosen.ending}", mixture, None)
        number = len(chosen.kinds) * len(chosen.levels)
        kind, level = _kind_and_level(chosen, _turn(chosen.seed, _CHOICE_STREAM, index - before, number))
        return _single(source, f"{index:07d}_", kind, level, seed, chosen.ending)

    def sources_used(self) -> list[int]:
        """Those whose turn comes."""
        return sorted({self._source(index) for index in range(min(self._count, len(self._choices.names)))})

    def _source(self, index: int) -> int:
        return _turn(self._choices.seed, _SOURCE_STREAM, index, len(self._choices.names))


def items_from(plan: Plan, start: int) -> Iterator[Item]:
    """The items of a plan from one place on."""
    return (plan.item(index) for index in range(start, len(plan)))


def plan_checksum(plan: Plan) -> str:
    """The sha256 of all that a plan says, apart from the paths of its sources."""
    digest = hashlib.sha256()
    for item in items_from(plan, 0):
        digest.update(json.dumps([item.source, item.name, item.mixture.to_json()]).encode())
    return digest.hexdigest()


def derived_seed(*parts: str | int) -> int:
    """A seed of 63 bits that is another for other parts."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "big") >> 1


def _single(source: int, start: str, kind: str, level: int, seed: int, ending: str) -> Item:
    name = f"{start}{KINDS[kind].number:02d}_{level:02d}{ending}"
    return Item(source, name, Mixture(((kind, level),), seed), level)


def _kind_and_level(choices: Choices, place: int) -> tuple[str, int]:
    kind, level = divmod(place, len(choices.levels))
    return choices.kinds[kind], choices.levels[level]


def _turn(seed: int, stream: int, index: int, length: int) -> int:
    """What comes at a place when ``length`` things come in random order, again and again."""
    epoch, place = divmod(index, length)
    return _shuffled(seed, stream, epoch, length)[place]


@lru_cache(maxsize=8)
def _shuffled(seed: int, stream: int, epoch: int, length: int) -> list[int]:
    order: list[int] = np.random.default_rng([seed, stream, epoch]).permutation(length).tolist()
    return order


def _most_steps(kinds: Sequence[str]) -> int:
    families = {KINDS[kind].family for kind in kinds}
    if len(families) < 2:
        raise ConfigError(
            f"Expected kinds of two families or more to mix, got {', '.join(kinds)}. Add others, or leave mixtures out."
        )
    return min(MOST_STEPS, len(families))
