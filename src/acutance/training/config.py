"""How a training runs: optimiser, schedule and loop. What is trained stands in a task's own settings."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
    """Memory order of pictures and convolutions."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    processes: Count = 1
    """Processes that train together, started on this machine; by default as many as torchrun started, or one."""
    timeout: Count = 1800
    """Seconds that processes wait for one another to come, and in a step."""
    workers: int = Field(default=2, ge=0)
    """Processes that read pictures, for each training process; 0 reads between steps."""
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
