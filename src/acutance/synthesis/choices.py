"""What a caller chose, checked before any work: distortions, levels, metrics, numbers."""

from collections.abc import Iterable, Sequence

from acutance.catalog import ModelEntry, find_model
from acutance.distortions import KINDS, LEVELS
from acutance.errors import ConfigError, UnknownNameError

DEFAULT_METRICS = ("mdsi", "gmsd", "sr_sim")
"""Three that agree well with people for the time they take; docs/synthesis.md has the numbers."""

_BY_WORDS = {"_".join(kind.title.lower().split()): kind.name for kind in KINDS.values()}
"""``gaussian_blur`` for ``gblur``: the title of a kind as one word."""


def chosen_kinds(names: Iterable[str] | None) -> tuple[str, ...]:
    """Names of the distortions that were chosen, each once, in KADID's order.

    Args:
        names: Names, or titles with underscores for spaces; ``None`` is all 25.

    Raises:
        UnknownNameError: A name that nobody knows; offers the nearest.
        ConfigError: No name.

    Example:
        >>> chosen_kinds(["jpeg", "gaussian_blur"])
        ('gblur', 'jpeg')
    """
    if names is None:
        return tuple(KINDS)
    wanted = {_kind(name) for name in names}
    if not wanted:
        raise ConfigError("Expected at least one distortion, got none. Name one, or leave it out for all.")
    return tuple(name for name in KINDS if name in wanted)


def chosen_levels(levels: Iterable[int] | None) -> tuple[int, ...]:
    """The levels that were chosen, each once, in order.

    Args:
        levels: Numbers from 1 to 5; ``None`` is all.

    Raises:
        ConfigError: No level, or one out of range.
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

    Args:
        names: Names from the catalogue.

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


def demand_numbers(low: int, **numbers: float | None) -> None:
    """Raise ``ConfigError`` unless every number that is given is ``low`` or more."""
    for name, number in numbers.items():
        if number is not None and number < low:
            raise ConfigError(f"Expected {name} of {low} or more, got {number}. Change {name}.")


def _kind(name: str) -> str:
    if name in KINDS:
        return name
    by_words = _BY_WORDS.get(name.lower())
    if by_words is None:
        raise UnknownNameError("distortion", name, (*KINDS, *_BY_WORDS))
    return by_words
