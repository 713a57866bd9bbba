"""All of a training as settings: what is trained, how, and how long; changed by ``--set`` through their types."""

import importlib
import json
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, ValidationError, model_validator

from acutance.errors import AcutanceError, ConfigError, UnknownNameError

if TYPE_CHECKING:
    from acutance.training.task import Task

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """Settings that do not change; an unknown one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OptimizerConfig(Settings):
    """How parameters are changed."""

    kind: Literal["adamw", "adam", "sgd"] = "adamw"
    """Adam couples the decay with the gradient, AdamW does not."""
    learning_rate: Positive
    """At the start, of groups whose ``rate_scale`` is 1."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decay of every trained parameter."""
    betas: tuple[Share, Share] = (0.9, 0.999)
    """Of Adam and AdamW."""
    epsilon: Positive = 1e-8
    """Of Adam and AdamW."""
    momentum: Share = 0.9
    """Of SGD, with Nesterov's correction."""


class ConstantSchedule(Settings):
    """The same rate to the end."""

    kind: Literal["constant"] = "constant"


class CosineSchedule(Settings):
    """Half a cosine from the rate down to a floor, and up again if the training is longer."""

    kind: Literal["cosine"] = "cosine"
    unit: Literal["epoch", "iteration"] = "epoch"
    """How often the rate changes."""
    length: Count | None = None
    """Units from the top to the floor; the whole training if left out."""
    floor: float = Field(default=0.0, ge=0)
    """Lowest rate of every group."""


class CosineRestartSchedule(Settings):
    """Cosines one after the other, each from a top of its own; the rate changes every iteration (A-FINE)."""

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    periods: tuple[Count, ...]
    """Iterations of each."""
    weights: tuple[Positive, ...]
    """Top of each as a share of the rate."""
    floor: float = Field(default=0.0, ge=0)
    """Lowest rate."""

    @model_validator(mode="after")
    def _as_many(self) -> "CosineRestartSchedule":
        if len(self.periods) != len(self.weights):
            raise ValueError(f"{len(self.periods)} periods and {len(self.weights)} weights: give as many of each")
        return self


class StepSchedule(Settings):
    """The rate is divided at some epochs."""

    kind: Literal["steps"] = "steps"
    factor: Positive = 0.1
    """What the rate is multiplied by at each step."""
    milestones: tuple[Count, ...] = ()
    """Epochs, counted from 0, that begin with a step."""
    every: Count | None = None
    """A step each so many epochs, besides."""
    delay: int = Field(default=0, ge=0)
    """Epochs before ``every`` and ``scale_until`` begin to count."""
    scale_until: Count | None = None
    """Epoch from which every group has the same rate, whatever its ``rate_scale``."""


class ExponentialSchedule(Settings):
    """The rate falls by the same factor every epoch (VTAMIQ: to 0.01 of it over the training)."""

    kind: Literal["exponential"] = "exponential"
    final: Positive = 0.01
    """Share of the rate that the epoch after the last would have."""


Schedule = Annotated[
    ConstantSchedule | CosineSchedule | CosineRestartSchedule | StepSchedule | ExponentialSchedule,
    Field(discriminator="kind"),
]


class LoopConfig(Settings):
    """How long, in which batches, on what, and what is kept."""

    epochs: Count | None = None
    """Passes over the training data; either this or ``iterations``."""
    iterations: Count | None = None
    """Steps of the optimiser."""
    batch_size: Count
    """Samples in a step, over all processes and accumulated parts together."""
    accumulate: Count = 1
    """Parts that a batch is computed in, one after the other; losses over pairs of a batch see a part at a time."""
    drop_last: bool = False
    """Whether the last, smaller batch of an epoch is left out."""
    validate_every: Count = 1
    """Epochs between validations, or iterations if ``iterations`` is set."""
    checkpoint_every: Count | None = None
    """Iterations between checkpoints, besides those at validations."""
    save_all_epochs: bool = False
    """Whether the weights of every validation stay, as ``epoch_1.safetensors`` (``iteration_500`` if ``iterations`` is
    set) and in the authors' layout."""
    clip_norm: Positive | None = None
    """Largest norm of the gradient of all parameters together."""
    average_decay: Share | None = None
    """Decay per step of the moving average of the weights, which is then validated and saved."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Bfloat16 is autocast: parameters and optimiser stay float32."""
    channels_last: bool = False
    """Memory order of images and convolutions."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    processes: Count = 1
    """Processes that train together, started on this machine; by default as many as torchrun started, or one."""
    timeout: Count = 1800
    """Seconds that processes wait for one another to come, and in a step."""
    workers: int = Field(default=2, ge=0)
    """Processes that read images, for each training process; 0 reads between steps."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of everything random: first weights, order, crops, flips, dropout."""

    @model_validator(mode="after")
    def _consistent(self) -> "LoopConfig":
        if (self.epochs is None) == (self.iterations is None):
            raise ValueError("give either epochs or iterations")
        if self.batch_size % (self.accumulate * self.processes):
            raise ValueError(
                f"batch_size {self.batch_size} is no multiple of accumulate {self.accumulate} times processes "
                f"{self.processes}"
            )
        return self


class TaskSettings(Settings):
    """What is trained, on what: each system has settings of its own, which build its task."""

    kind: str
    """A name in ``TASKS``; of a task outside the package where its class is, ``module:Class``."""

    def build(self, folder: Path) -> "Task":
        """What is trained; features of frozen networks are kept in the folder of the run."""
        raise NotImplementedError


TASKS = {
    "afine_stage1": "acutance.training.systems.afine:AFINEStage1Training",
    "afine_stage2": "acutance.training.systems.afine_frozen:AFINEStage2Training",
    "afine_stage3": "acutance.training.systems.afine_frozen:AFINEStage3Training",
    "ahiq": "acutance.training.systems.ahiq:AHIQTraining",
    "hyperiqa": "acutance.training.systems.hyperiqa:HyperIQATraining",
    "ms_hyperiqa": "acutance.training.systems.hyperiqa:MSHyperIQATraining",
    "vtamiq": "acutance.training.systems.vtamiq:VTAMIQTraining",
    "vtamiq_preferences": "acutance.training.systems.vtamiq_preferences:VTAMIQPreferenceTraining",
}
"""Where the settings of each kind of task are."""


def _of_its_kind(given: object) -> object:
    """Settings of a task as those of its kind; their faults keep their places."""
    if isinstance(given, dict) and isinstance(given.get(KIND), str):
        return task_settings(given[KIND]).model_validate(given)
    return given


class TrainConfig(Settings):
    """A recipe with its settings; written beside the weights, it can be run again."""

    recipe: str
    """Name of the recipe it came from."""
    task: Annotated[SerializeAsAny[TaskSettings], BeforeValidator(_of_its_kind)]
    """What is trained, on what."""
    optimizer: OptimizerConfig
    schedule: Schedule
    loop: LoopConfig


class Recipe(Settings):
    """A published training: what a list tells of it, and its values."""

    name: str
    trains: str
    """What comes out."""
    data: str
    """What it wants, and how large that is."""
    task: dict[str, Any]
    """Settings of the task that are not the defaults of its kind."""
    optimizer: OptimizerConfig
    schedule: Schedule
    loop: LoopConfig

    def config(self) -> TrainConfig:
        """The configuration."""
        fields = self.model_dump(exclude={"name", "trains", "data"})
        return checked(TrainConfig, {"recipe": self.name, **fields})


def task_settings(kind: str) -> type[TaskSettings]:
    """The settings of a kind of task.

    Raises:
        UnknownNameError: A kind nobody knows; the message offers the nearest.
        ConfigError: A ``module:Class`` that cannot be imported, or is something else.
    """
    if kind not in TASKS and ":" not in kind:
        raise UnknownNameError("task.kind", kind, TASKS)
    module, _, name = TASKS.get(kind, kind).partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"Expected the settings of a task at {kind}, got: {error}. Run the command in the folder that {module} "
            "is imported from, or correct task.kind."
        ) from error
    if not (isinstance(found, type) and issubclass(found, TaskSettings)):
        raise ConfigError(f"Expected the settings of a task at {kind}, got {found!r}. Correct task.kind.")
    return found


Config = TypeVar("Config", bound=BaseModel)
KIND = "kind"
"""The setting that says which other settings there are."""


def with_settings(config: Config, assignments: Iterable[str]) -> Config:
    """The configuration with some settings changed.

    Args:
        assignments: ``name=value``; names are joined by dots. A value is text that the type of its field reads; null,
            lists, objects and quoted texts are JSON. With another ``kind``, settings that it has not are left out.

    Raises:
        UnknownNameError: No such setting; the message offers the nearest.
        ConfigError: Another form, or a value that does not fit.

    Example:
        >>> with_settings(LoopConfig(epochs=3, batch_size=4), ["batch_size=8"]).batch_size
        8
    """
    fields = config.model_dump(mode="json")
    given, changed = set[str](), set[str]()
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"Expected --set NAME=VALUE, got {assignment!r}. Write the value after =.")
        given.add(name.strip())
        _assign(fields, name.strip(), _value(name.strip(), text.strip()), changed)
    if changed:
        _drop_inherited(type(config), fields, given, changed)
    return checked(type(config), fields)


def checked(kind: type[Config], fields: dict[str, Any]) -> Config:
    """A configuration of plain values.

    Raises:
        ConfigError: A field that is missing, unknown or out of range, in one line.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        cause = error.errors()[0].get("ctx", {}).get("error")
        if isinstance(cause, AcutanceError):  # of ``task_settings``
            raise cause from error
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


def _assign(fields: dict[str, Any], name: str, value: object, changed: set[str]) -> None:
    """Set a field below others; places where another kind was chosen are added to ``changed``."""
    level, above, parts = fields, "", name.split(".")
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        level = level if depth == 0 else level.get(parts[depth - 1], {})
        if not isinstance(level, dict):
            raise ConfigError(f"Expected settings below {above}, got a single value. Set {above} itself.")
        if part not in level and above not in changed:
            raise UnknownNameError(f"setting of {above}" if above else "setting", part, level)
    if parts[-1] == KIND and level[KIND] != value:
        changed.add(above)
    level[parts[-1]] = value


def _drop_inherited(kind: type[BaseModel], fields: dict[str, Any], given: set[str], changed: set[str]) -> None:
    """Leave out what nobody gave and another kind of settings had, where the new one has nothing of that name."""
    try:
        kind.model_validate(fields)
    except ValidationError as error:
        for fault in error.errors():
            place = _place(fault["loc"], fields)
            inherited = any(f"{place}.".startswith(f"{above}.") for above in changed)
            if fault["type"] == "extra_forbidden" and inherited and place not in given:
                *above, last = place.split(".")
                del reduce(lambda level, part: level[part], above, fields)[last]


def _value(name: str, text: str) -> object:
    """JSON where text cannot say it; all else is text, which the type of the field reads: ``0010`` may be a folder."""
    if text != "null" and not text.startswith(("[", "{", '"')):
        return text
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"Expected JSON as {name}, got {text[:60]!r}: {error}. Correct it.") from error
    return value
