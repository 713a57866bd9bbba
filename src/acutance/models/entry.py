"""Entries of the catalogue: how a model is built, what its score means, its options and its weights.

Imports no torch: models are listed without it.
"""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from acutance.errors import ConfigError, UnknownNameError
from acutance.types import Better, ScoreInfo
from acutance.weights.record import CheckpointRecord, Layout, Part

if TYPE_CHECKING:
    from acutance.models.quality_model import QualityModel


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """Weights as their authors published them, and how they become ours."""

    record: CheckpointRecord
    """Where they are."""
    layouts: tuple[Layout, ...]
    """How files of them may be laid out."""
    stored_as: str
    """Name of the model in a converted file; several models may read one file."""
    derive: Callable[[Mapping[str, tuple[int, ...]]], Layout | None] | None = None
    """The layout of a file by names and shapes of its tensors, where authors can build networks of many sizes;
    ``None`` where it is no such file, which the nearest of ``layouts`` then refuses."""
    read_parts: Callable[[Sequence[Path]], list[Part]] | None = None
    """Reads them from the folders, or the single files, of a training in stages, where that leaves several files."""
    starts: tuple[CheckpointRecord, ...] = ()
    """Files that a training may start its backbone from; scoring needs none of them."""
    check_start: str = ""
    """What raises ``CheckpointError`` unless a file holds such a backbone, given the file and the name of its record:
    ``"package.module:function"``."""
    anchor: float | None = None
    """Score that the published file gives the pair of ``anchor_pair``, where somebody has stated it."""


@dataclass(frozen=True, slots=True)
class UsedBy:
    """Marks an option that only some protocols use: ``Annotated[int, UsedBy("random")]``."""

    protocols: tuple[str, ...]

    def __init__(self, *protocols: str) -> None:
        object.__setattr__(self, "protocols", protocols)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option of a model, as its field declares it: one of some words, or a number in a range."""

    default: Any
    words: tuple[str | bool | int, ...] = ()
    """What it may be, the default first; none for a number."""
    low: float = -math.inf
    high: float = math.inf
    """Smallest and largest number allowed."""
    whole: bool = True
    """Whether the number is a whole one."""
    protocols: tuple[str, ...] = ()
    """The protocols that use it; none where all do."""
    help: str = ""
    """What it does."""


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of the catalogue."""

    name: str
    """The name to load it by."""
    title: str
    """The name papers use."""
    info: ScoreInfo
    """How to read its score."""
    needs_reference: bool
    """Whether it compares with a reference (full-reference) or not (no-reference)."""
    paper: str
    """What to cite."""
    build: "str | Callable[..., QualityModel]"
    """Makes the model with random weights, as ``"package.module:Class"``, which is imported when a model is built. It
    is called with ``config=`` and ``options=`` where the entry has these classes, and with ``arguments``."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of ``build``."""
    config: str | type[BaseModel] | None = None
    """What belongs to weights, such as the size of the network; a name is imported like that of ``build``."""
    config_defaults: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ``config`` that differ from its defaults where weights ask for nothing."""
    options: type[BaseModel] | None = None
    """What a user may choose: literals, booleans and numbers with bounds, each with its default."""
    option_defaults: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ``options`` that differ from its defaults."""
    note: str = ""
    """How near it is to the authors' code, and what else to know."""
    term_names: tuple[str, ...] = ()
    """The parts of its score, beside the score itself."""
    terms_better: Better | None = None
    """Which direction of those parts means better quality, where all have the same."""
    weights: PublishedWeights | None = None
    """Its published weights, if it has any."""

    @property
    def licence(self) -> str:
        """Whether the weights may be used commercially."""
        return self.weights.record.licence if self.weights else "no weights"

    @cached_property
    def choices(self) -> dict[str, Option]:
        """Every option by name, those that a class adds before those that it inherits."""
        if self.options is None:
            return {}
        fields = self.options.model_fields
        names = dict.fromkeys(name for base in self.options.__mro__ for name in vars(base).get("__annotations__", ()))
        return {name: _option(fields[name], self.option_defaults.get(name)) for name in names if name in fields}

    def make(self, config: Mapping[str, Any] | None = None, options: Mapping[str, Any] | None = None) -> "QualityModel":
        """The model with random weights.

        Args:
            config: What weights ask for; nothing for ``config_defaults``.

        Raises:
            pydantic.ValidationError: Values that it does not take.
        """
        given = dict(self.arguments)
        if self.config is not None:
            given["config"] = imported(self.config)(**(config or self.config_defaults))
        if self.options is not None:
            given["options"] = self.options(**{**self.option_defaults, **(options or {})})
        model: QualityModel = imported(self.build)(**given)
        return model


def imported(named: Any) -> Any:  # noqa: ANN401 (whatever has that name)
    """Import the object that ``"package.module:Name"`` names; anything but text is returned as it is."""
    if not isinstance(named, str):
        return named
    module, _, name = named.partition(":")
    return getattr(importlib.import_module(module), name)


def entry_of(name: str, found: Any) -> ModelEntry:  # noqa: ANN401 (whatever somebody names)
    """The entry of a model that a user or an installed package names.

    Args:
        found: An entry, or what makes the model without arguments: a subclass of ``QualityModel`` or a function.

    Raises:
        ConfigError: Anything else.
    """
    if isinstance(found, ModelEntry):
        return replace(found, name=name)
    from acutance.models.quality_model import QualityModel

    of_class = isinstance(found, type) and issubclass(found, QualityModel)
    ready = isinstance(found, QualityModel)
    model = found() if callable(found) and not ready and not (of_class and hasattr(found, "info")) else found
    if ready or not (of_class or isinstance(model, QualityModel)):
        got = f"{type(model).__name__} itself: name its class" if ready else type(model).__name__
        raise ConfigError(
            f"Expected a ModelEntry, a subclass of QualityModel or a function that makes a model at {name}, got {got}."
        )
    return ModelEntry(
        name=name,
        title=found.__name__,
        info=model.info,
        needs_reference=model.needs_reference,
        paper="none stated",
        build=found,
        note=(inspect.getdoc(found) or "").partition("\n")[0],
    )


def weights_of(entry: ModelEntry) -> PublishedWeights:
    """The weights of a model.

    Raises:
        ConfigError: It has none.
    """
    if entry.weights is None:
        raise ConfigError(f"Expected a model with weights, got {entry.name}, which has none. Choose another.")
    return entry.weights


def _option(declared: FieldInfo, default: Any) -> Option:  # noqa: ANN401 (a word or a number)
    default = declared.default if default is None else default
    protocols = next((mark.protocols for mark in declared.metadata if isinstance(mark, UsedBy)), ())
    shared = {"default": default, "protocols": protocols, "help": declared.description or ""}
    if declared.annotation is bool or get_origin(declared.annotation) is Literal:
        words = (False, True) if declared.annotation is bool else get_args(declared.annotation)
        return Option(words=(default, *(word for word in words if word != default)), **shared)
    kinds = ("ge", "le", "lt")
    bounds = {kind: getattr(mark, kind) for mark in declared.metadata for kind in kinds if hasattr(mark, kind)}
    high = bounds.get("le", bounds["lt"] - 1 if "lt" in bounds else math.inf)
    return Option(low=bounds.get("ge", -math.inf), high=high, whole=declared.annotation is int, **shared)


COLOURS = "rgb"
"""The channel of classic metrics that is never rounded to levels."""


def checked_options(
    entry: ModelEntry, given: Mapping[str, Any], recorded: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The options that were given, as the catalogue writes them; text such as ``"7"`` is taken for the number it says.

    Args:
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
    _require_effect(entry, checked, recorded or {})
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


def _require_effect(entry: ModelEntry, chosen: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
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
