"""``--set optimizer.learning_rate=1e-4``: settings changed by their names, through their types."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from acutance.errors import ConfigError, UnknownNameError

Config = TypeVar("Config", bound=BaseModel)
KIND = "kind"
"""The setting that says which other settings there are."""


def with_settings(config: Config, assignments: Iterable[str]) -> Config:
    """The configuration with some settings changed.

    Args:
        config: Any configuration.
        assignments: ``name=value``; names are joined by dots. A value is text that the type of its field reads; null,
            lists, objects and quoted texts are JSON. With another ``kind``, settings that it has not are left out.

    Raises:
        UnknownNameError: No such setting; the message offers the nearest.
        ConfigError: Another form, or a value that does not fit.

    Example:
        >>> from acutance.training.config import LoopConfig
        >>> with_settings(LoopConfig(epochs=3, batch_size=4), ["batch_size=8"]).batch_size
        8
    """
    fields = config.model_dump(mode="json")
    changes = _Changes()
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"Expected --set NAME=VALUE, got {assignment!r}. Write the value after =.")
        changes.assign(fields, name.strip(), _value(name.strip(), text.strip()))
    changes.drop_what_kinds_lack(type(config), fields)
    return checked(type(config), fields)


def checked(kind: type[Config], fields: dict[str, Any]) -> Config:
    """A configuration of plain values.

    Raises:
        ConfigError: A field that is missing, unknown or out of range, in one line.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(_told(error, fields) or f"Expected settings that fit, got: {error.title}.") from error


def _told(error: ValidationError, fields: dict[str, Any]) -> str:
    """The first fault in one line."""
    first = error.errors()[0]
    place = _place(first["loc"], fields)
    if first["type"] == "missing":
        return f"Expected a setting {place}, got none. Add it."
    if first["type"] == "extra_forbidden":
        return f"Expected only settings that are known, got {place}. Correct its name or leave it out."
    reason = first["msg"].removeprefix("Value error, ")
    if not place:
        return f"Expected settings that go together, got: {reason}."
    value = first["input"]
    got = f"settings {place}" if isinstance(value, dict) else f"{place}={str(value)[:60]}"
    return f"Expected settings that fit, got {got}: {reason}. Change {place}."


def _place(location: Sequence[int | str], fields: object) -> str:
    """Where a fault is, in the words of ``--set``: without the kinds that pydantic names on its way."""
    parts: list[str] = []
    level = fields
    for part in location:
        if isinstance(level, dict) and part not in level and level.get(KIND) == part:
            continue
        parts.append(str(part))
        inside = isinstance(level, dict) and part in level
        level = level[part] if inside and isinstance(level, dict) else None
    return ".".join(parts)


class _Changes:
    """Assignments to plain fields, one after the other."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._of_other_kind: set[str] = set()

    def assign(self, fields: dict[str, Any], name: str, value: object) -> None:
        *folders, last = name.split(".")
        above = ".".join(folders)
        level: Any = fields
        for depth, folder in enumerate(folders):
            self._demand(level, folder, ".".join(folders[:depth]))
            level = level[folder]
        self._demand(level, last, above)
        if last == KIND and level[KIND] != value:
            self._of_other_kind.add(above)
        level[last] = value
        self._given.add(name)

    def drop_what_kinds_lack(self, kind: type[BaseModel], fields: dict[str, Any]) -> None:
        """Leave out settings of the kind that was before, where the new kind has none of that name."""
        if not self._of_other_kind:
            return
        try:
            kind.model_validate(fields)
        except ValidationError as error:
            for fault in error.errors():
                place = _place(fault["loc"], fields)
                above, _, last = place.rpartition(".")
                inherited = any(f"{place}.".startswith(f"{changed}.") for changed in self._of_other_kind)
                if fault["type"] == "extra_forbidden" and inherited and place not in self._given:
                    del _below(fields, above)[last]

    def _demand(self, level: object, name: str, above: str) -> None:
        if not isinstance(level, dict):
            raise ConfigError(f"Expected settings below {above}, got a single value. Set {above} itself.")
        if name not in level and above not in self._of_other_kind:
            raise UnknownNameError(f"setting of {above}" if above else "setting", name, level)


def _below(fields: dict[str, Any], name: str) -> dict[str, Any]:
    level = fields
    for part in name.split("."):
        level = level[part]
    return level


def _value(name: str, text: str) -> object:
    """JSON where text cannot say it; all else is text, which the type of the field reads: ``0010`` may be a folder."""
    if text != "null" and not text.startswith(("[", "{", '"')):
        return text
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"Expected JSON as {name}, got {text[:60]!r}: {error}. Correct it.") from error
    return value
