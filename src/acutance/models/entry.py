"""What the catalogue knows of a model: how it is built, what its score means, its options and its weights.

Imports no torch: models are listed without it.
"""

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from acutance.errors import ConfigError
from acutance.types import ScoreInfo
from acutance.weights.layout import Layout, Part
from acutance.weights.record import CheckpointRecord

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
    """Files that a training may start its trunk from; scoring needs none of them."""
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
            options: What differs from the defaults.

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
    """What ``"package.module:Name"`` names; anything but text as it is."""
    if not isinstance(named, str):
        return named
    module, _, name = named.partition(":")
    return getattr(importlib.import_module(module), name)


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
