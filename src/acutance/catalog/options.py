"""Options of a model, checked before anything is built: names, words, numbers and their ranges."""

import math
from collections.abc import Mapping
from typing import Any

from acutance.errors import ConfigError, UnknownNameError
from acutance.models.entry import ModelEntry, Option

COLOURS = "rgb"
"""The channel of classic metrics that is never rounded to levels."""


def checked_options(
    entry: ModelEntry, given: Mapping[str, Any], recorded: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The options that were given, as the catalogue writes them; text such as ``"7"`` is taken for the number it says.

    Args:
        entry: The model.
        given: Values by option; names and words in any case.
        recorded: Values that hold where none is given, instead of the catalogue's.

    Raises:
        UnknownNameError: No such option.
        ConfigError: The model has no options, or not this value, or an option is given twice.
    """
    known = entry.choices
    checked: dict[str, Any] = {}
    for written, value in given.items():
        name = written.lower()
        if not known:
            raise ConfigError(f"Expected no options for {entry.name}, which has none, got {written!r}. Leave it out.")
        if name not in known:
            raise UnknownNameError(f"option of {entry.name}", written, known)
        if name in checked:
            raise ConfigError(f"Expected {name} of {entry.name} once, got it twice. Leave one of them out.")
        allowed, what = known[name], f"{name} of {entry.name}"
        checked[name] = _word(allowed.words, value, what) if allowed.words else _number(allowed, value, what)
    _demand_effect(entry, checked, recorded or {})
    return checked


def with_recorded(given: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The options that weights record with those that a user gives, and where they come from, in words.

    Another protocol than the recorded one has the catalogue's values beside it: those recorded were chosen for theirs.

    Args:
        given: Checked options.
        recorded: Every option of the model, as its training validated with it.

    Example:
        >>> with_recorded({"seed": 3}, {"protocol": "random", "crops": 25, "seed": 0})
        ({'protocol': 'random', 'crops': 25, 'seed': 3}, 'recorded by the training; by option: seed')
        >>> with_recorded({"protocol": "cover"}, {"protocol": "random", "crops": 25, "seed": 0})
        ({'protocol': 'cover'}, 'by option: protocol')
    """
    changed = [name for name, value in given.items() if recorded.get(name) != value]
    by_option = f"by option: {', '.join(changed)}"
    if "protocol" in changed:
        return dict(given), by_option
    return {**recorded, **given}, f"recorded by the training; {by_option}" if changed else "recorded by the training"


def described(allowed: Option) -> str:
    """What an option may be, for people: the default first."""
    if allowed.words:
        return ", ".join(str(value).lower() for value in allowed.words)
    return f"{_shown(allowed.default)} ({_range(allowed)})"


def _word(allowed: tuple[str | bool | int, ...], value: Any, what: str) -> str | bool | int:  # noqa: ANN401 (anything a caller gives)
    plain = value.lower() if isinstance(value, str) else value
    for word in allowed:
        is_number = type(word) is int and plain == str(word)
        if is_number or (type(word) is type(plain) and word == plain):
            return word
    words = ["true" if word is True else "false" if word is False else repr(word) for word in allowed]
    wanted = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    raise ConfigError(f"Expected {what} to be {wanted}, got {value!r}. Choose one of these.")


def _demand_effect(entry: ModelEntry, chosen: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
    """Raise if an option was given that the chosen protocol or channel does not look at."""
    usual = recorded.get("protocol", entry.choices["protocol"].default if "protocol" in entry.choices else None)
    protocol = chosen.get("protocol", usual)
    for name in chosen:
        users = entry.choices[name].protocols
        if users and protocol not in users:
            raise ConfigError(
                f"Expected the protocol {' or '.join(users)} beside {name} of {entry.name}, got {protocol}, which does "
                f"not use it. Set protocol={users[0]} too, or leave {name} out."
            )
    channel, levels = entry.choices.get("channel"), entry.choices.get("levels")
    if channel and levels and chosen.get("channel", channel.default) == COLOURS:
        grey = [str(word) for word in channel.words if word != COLOURS]
        if (asked := chosen.get("levels", levels.default)) != levels.default:
            raise ConfigError(
                f"Expected the channel {' or '.join(grey)} beside levels={asked} of {entry.name}, got {COLOURS}, which "
                f"is never rounded. Set channel={grey[0]} too, or leave levels out."
            )


def _number(allowed: Option, value: Any, what: str) -> float:  # noqa: ANN401 (anything a caller gives)
    try:
        number = math.nan if isinstance(value, bool) else _exact(value)
    except (TypeError, ValueError):
        number = math.nan
    fits = allowed.low <= number <= allowed.high and math.isfinite(number)
    if not fits or (allowed.whole and number != int(number)):
        raise ConfigError(f"Expected {what} to be {_range(allowed)}, got {value!r}. Change it.")
    return int(number) if allowed.whole else number


def _exact(value: Any) -> float:  # noqa: ANN401 (anything a caller gives)
    """A whole number as it is, however large; anything else as float64."""
    try:
        return int(value) if isinstance(value, int | str) else float(value)
    except ValueError:
        return float(value)


def _range(allowed: Option) -> str:
    kind = "a whole number" if allowed.whole else "a number"
    most = "or more" if allowed.high == math.inf else f"to {_shown(allowed.high)}"
    return f"{kind}, {_shown(allowed.low)} {most}"


def _shown(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"
