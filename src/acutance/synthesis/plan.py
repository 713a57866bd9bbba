"""Which image is made of which source and how: a function of the choices, the seed and the place in the plan."""

import hashlib
import json
import logging
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from acutance.catalog import find_model
from acutance.distortions import KINDS, LEVELS, Mixture, draw_mixture
from acutance.distortions.mixtures import MOST_STEPS
from acutance.errors import ConfigError, InputError, UnknownNameError
from acutance.models.entry import ModelEntry
from acutance.scoring.pairing import collect
from acutance.scoring.provenance import LeftOut

DEFAULT_METRICS = ("mdsi", "gmsd", "sr_sim")
"""Three that agree well with people for the time they take; docs/synthesis.md has the numbers."""
LONGEST_NAME = 120
"""Bytes of a source's name at most: what is added to it must fit into the 255 of most file systems."""

_LOGGER = logging.getLogger(__name__)
_BY_TITLE = {"_".join(kind.title.lower().split()): kind.name for kind in KINDS.values()}
"""``gaussian_blur`` for ``gblur``: the title of a kind as one word."""
_UNFIT = re.compile(r"[^\w.+() -]")
"""Characters of a file name that become an underscore."""
_SOURCE_STREAM, _CHOICE_STREAM = 1, 2
"""Set the two shuffles of one seed apart."""


@dataclass(frozen=True)
class Source:
    """One pristine image."""

    path: Path
    name: str
    """Its file name without ending; numbered where two would meet, also where case does not count."""


@dataclass(frozen=True)
class Item:
    """One image to make."""

    source: int
    """Index of its source."""
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


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What items are drawn from."""

    names: Sequence[str]
    """Names of the sources, each once."""
    kinds: Sequence[str]
    levels: Sequence[int]
    seed: int
    ending: str
    """Of the images, such as ``.png``."""


class LadderPlan:
    """Every kind and level of every source, source by source, then ``mixtures`` mixtures of it.

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
        """The item of that index, from 0."""
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
        """Indices of the sources that have an item: all of them."""
        return list(range(len(self._choices.names)))


class RandomPlan:
    """Random sources, kinds and levels, as evenly as can be: none comes again before all had their turn.

    An item depends on the choices and its index, not on how many there are.

    Args:
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
        """The item of that index, from 0."""
        chosen = self._choices
        source = self._source(index)
        seed = derived_seed(chosen.seed, index)
        mixtures_before = math.floor(index * self._share)
        if math.floor((index + 1) * self._share) > mixtures_before:
            mixture = draw_mixture(seed, most=self._most, kinds=chosen.kinds)
            return Item(source, f"{index:07d}_mixture{chosen.ending}", mixture, None)
        count = len(chosen.kinds) * len(chosen.levels)
        kind, level = _kind_and_level(chosen, _turn(chosen.seed, _CHOICE_STREAM, index - mixtures_before, count))
        return _single(source, f"{index:07d}_", kind, level, seed, chosen.ending)

    def sources_used(self) -> list[int]:
        """Indices of the sources whose turn comes, in order."""
        return sorted({self._source(index) for index in range(min(self._count, len(self._choices.names)))})

    def _source(self, index: int) -> int:
        return _turn(self._choices.seed, _SOURCE_STREAM, index, len(self._choices.names))


Plan = LadderPlan | RandomPlan
"""Items by their index."""


def items_from(plan: Plan, start: int) -> Iterator[Item]:
    """The items of a plan from an index on."""
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


def chosen_kinds(names: Iterable[str] | None) -> tuple[str, ...]:
    """Names of the distortions that were chosen, each once, in KADID's order; all 25 for ``None``.

    Args:
        names: Names, or titles with underscores for spaces.

    Raises:
        UnknownNameError: A name that nobody knows; offers the nearest.
        ConfigError: No name.

    Example:
        >>> chosen_kinds(["jpeg", "gaussian_blur"])
        ('gblur', 'jpeg')
    """
    if names is None:
        return tuple(KINDS)
    wanted = set()
    for name in names:
        kind = name if name in KINDS else _BY_TITLE.get(name.lower())
        if kind is None:
            raise UnknownNameError("distortion", name, (*KINDS, *_BY_TITLE))
        wanted.add(kind)
    if not wanted:
        raise ConfigError("Expected at least one distortion, got none. Name one, or leave it out for all.")
    return tuple(name for name in KINDS if name in wanted)


def chosen_levels(levels: Iterable[int] | None) -> tuple[int, ...]:
    """The levels that were chosen, each once, in order; all for ``None``.

    Raises:
        ConfigError: No level, or one that is not 1 to 5.
    """
    wanted = sorted(set(range(1, LEVELS + 1) if levels is None else levels))
    if not wanted:
        raise ConfigError("Expected at least one level, got none. Name one, or leave it out for all.")
    for level in wanted:
        if not 1 <= level <= LEVELS:
            raise ConfigError(f"Expected a level from 1 to {LEVELS}, got {level}. Choose others.")
    return tuple(wanted)


def chosen_metrics(names: Sequence[str]) -> tuple[ModelEntry, ...]:
    """The metrics that were chosen: models that compare with a reference and need no weights.

    Raises:
        UnknownNameError: A name that nobody knows; offers the nearest.
        ConfigError: No name, one twice, or a model that is no classic metric.
    """
    if not names:
        raise ConfigError("Expected at least one metric, got none. Name one, or leave it out for the usual three.")
    entries = [find_model(name) for name in names]
    for entry in entries:
        if entry.weights is not None or not entry.needs_reference:
            lack = "needs weights" if entry.weights is not None else "sees no reference"
            raise ConfigError(
                f"Expected a classic metric, got {entry.name}, which {lack}. Choose others, such as "
                f"{', '.join(DEFAULT_METRICS)}."
            )
    known = [entry.name for entry in entries]
    twice = [name for name in known if known.count(name) > 1]
    if twice:
        raise ConfigError(f"Expected every metric once, got {twice[0]} twice. Name it once.")
    return tuple(entries)


def check_numbers(low: int, **numbers: float | None) -> None:
    """Raise ``ConfigError`` unless every number that is given is ``low`` or more."""
    for name, number in numbers.items():
        if number is not None and number < low:
            raise ConfigError(f"Expected {name} of {low} or more, got {number}. Change {name}.")


def find_sources(places: Sequence[str | Path], output: Path | None = None) -> list[Source]:
    """The images of files and folders, each once: folders sorted, places in their own order.

    Args:
        places: Files, and folders, which are walked.
        output: Folder that is written to; left out when a folder around it is walked.

    Raises:
        ImageReadError: A place that does not exist.
        InputError: A folder without images, or no place at all.
    """
    found = collect([*places])
    for line in LeftOut(found.unread).before():
        _LOGGER.warning("%s", line)
    paths = {image.key: Path(image.source) for image in found.images}
    if output is not None and not any(_is_below(Path(place), output) for place in places):
        below = {folder for folder in {path.parent for path in paths.values()} if _is_below(folder, output)}
        paths = {key: path for key, path in paths.items() if path.parent not in below}
        if not paths:
            raise InputError(f"Expected images outside {output}, which is written to, got none. Name another folder.")
    taken: set[str] = set()
    used: dict[str, int] = {}
    return [Source(path, _own_name(path, taken, used)) for path in paths.values()]


def check_outside(sources: Sequence[Source], folder: Path) -> None:
    """Raise ``ConfigError`` if a source lies in the folder that is written to."""
    for source in sources:
        if _is_below(source.path, folder):
            raise ConfigError(
                f"Expected sources outside {folder}, which is written to, got {source.path}. Choose another output."
            )


def check_unchanged(sources: Sequence[Source], began: int) -> None:
    """Raise ``ConfigError`` if a source was changed after a moment, in nanoseconds since 1970."""
    for source in sources:
        if not source.path.exists():
            continue
        times = source.path.stat()
        if max(times.st_mtime_ns, times.st_ctime_ns) > began:
            raise ConfigError(
                f"Expected {source.path} as it was when the run began, got a file that was changed since. "
                "Start anew with --overwrite."
            )


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _own_name(path: Path, taken: set[str], used: dict[str, int]) -> str:
    stem = _UNFIT.sub("_", path.stem).encode()[:LONGEST_NAME].decode(errors="ignore")
    name, number = stem, used.get(stem.casefold(), 1)
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    used[stem.casefold()] = number
    taken.add(name.casefold())
    return name


def _single(source: int, start: str, kind: str, level: int, seed: int, ending: str) -> Item:
    name = f"{start}{KINDS[kind].number:02d}_{level:02d}{ending}"
    return Item(source, name, Mixture(((kind, level),), seed), level)


def _kind_and_level(choices: Choices, place: int) -> tuple[str, int]:
    kind, level = divmod(place, len(choices.levels))
    return choices.kinds[kind], choices.levels[level]


def _turn(seed: int, stream: int, index: int, length: int) -> int:
    """What comes at an index when ``length`` things come in random order, again and again."""
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
