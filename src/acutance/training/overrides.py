"""``--set optimizer.learning_rate=1e-4``: settings changed by their names, through their types."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from acutance.errors import ConfigError, UnknownNameError

Config = TypeVar("Config", bound=BaseModel)


def with_settings(config: Config, assignments: Iterable[str]) -> Config:
    """The configuration with some settings changed.

    Args:
        config: Any configuration.
        assignments: ``name=value``; names are joined by dots, values are JSON or plain text.

    Raises:
        UnknownNameError: No such setting; the message offers the nearest.
        ConfigError: Another form, or a value that does not fit.

    Example:
        >>> from acutance.training.config import LoopConfig
        >>> with_settings(LoopConfig(epochs=3, batch_size=4), ["batch_size=8"]).batch_size
        8
    """
    fields = config.model_dump(mode="json")
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"Expected --set NAME=VALUE, got {assignment!r}. Write the value after =.")
        _assign(fields, name, _value(text))
    return checked(type(config), fields)


def checked(kind: type[Config], fields: dict[str, Any]) -> Config:
    """A configuration of plain values.

    Raises:
        ConfigError: A field that is missing, unknown or out of range, in one line.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or kind.__name__
        raise ConfigError(f"Expected a setting {place} that fits, got: {first['msg']}. Change {place}.") from error


def _assign(fields: dict[str, Any], name: str, value: object) -> None:
    *folders, last = name.split(".")
    level: Any = fields
    for depth, folder in enumerate(folders):
        _demand(level, folder, ".".join(folders[:depth]))
        level = level[folder]
    _demand(level, last, ".".join(folders))
    level[last] = value


def _demand(level: object, name: str, above: str) -> None:
    if not isinstance(level, dict):
        raise ConfigError(f"Expected settings below {above}, got a single value. Set {above} itself.")
    if name not in level:
        raise UnknownNameError(f"setting of {above}" if above else "setting", name, level)


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
