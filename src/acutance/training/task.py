"""What the loop asks of a task: networks, samples, losses, validation."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.types import OnProgress, ScoreInfo

Inputs = dict[str, Any]
"""What the network takes: tensors (batch, ...), or lists as long as the batch where sizes differ."""
Labels = dict[str, Tensor]
"""What people or metrics said of each sample: tensors (batch, ...)."""
Outputs = dict[str, Tensor]
"""What the network makes of a batch: tensors (batch, ...)."""


@dataclass(frozen=True)
class Batch:
    """Some samples together."""

    inputs: Inputs
    labels: Labels

    def __len__(self) -> int:
        return len(next(iter(self.labels.values())))


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters with a learning rate of their own."""

    name: str
    parameters: Sequence[nn.Parameter]
    rate_scale: float = 1.0
    """How many times the rate of the optimiser they have."""


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What a training gives to those who score."""

    name: str
    """What weights of this kind are stored as; most often the name of the model."""
    tensors: Mapping[str, Tensor]
    """The weights by own names."""
    config: Mapping[str, object]
    """What the model must be built with, plain JSON values."""
    info: ScoreInfo | None = None
    """Direction, bounds and unit of its scores, where they are those of the opinions it was trained on."""
    scores_as: str | None = None
    """Model of the catalogue that scores with the tensors, where it is not called ``name``."""
    options: Mapping[str, object] | None = None
    """Options of the model that ``validate`` scored with, all of them; ``None`` if it has none."""
    trunk_sha256: Mapping[str, str] = field(default_factory=dict)
    """Checksums of the files that its backbones began with, by their names, where it says so."""


def trained_model(network: nn.Module, name: str, info: ScoreInfo) -> TrainedModel:
    """What scores as ``validate`` does: all of ``network.model``, with the views that it has."""
    model: Any = network.model
    return TrainedModel(
        name=name,
        tensors=model.state_dict(),
        config=model.config(),
        info=info,
        options=model.views.model_dump(mode="json"),
    )


class Task(ABC):
    """One system in training. All numbers below are the same on every process."""

    network: nn.Module
    """All that is trained, and what is frozen beside it; ``forward(inputs) -> Outputs``."""
    select_by: str
    """Which of the numbers of ``validate`` chooses the best weights."""
    select: Literal["highest", "lowest"]
    """Which value of it is best."""
    alone_because: str = ""
    """Why one process alone can train it; empty if several can."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples an epoch has."""

    @abstractmethod
    def groups(self) -> list[ParameterGroup]:
        """What is trained."""

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Compute once what all steps need, such as features of frozen networks; called before the first step.

        Of several processes the first one does it, and the others find it done.
        """
        return

    def remarks(self) -> Iterable[str]:
        """What a user should know before the training, each in one line."""
        return ()

    def start_epoch(self, epoch: int) -> None:
        """Called before the first step of every epoch, counted from 0, and when one is resumed: freezing and so on."""
        return

    @abstractmethod
    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """One sample, read and augmented; everything random comes from the generator. Runs in a worker.

        Raises:
            AcutanceError: An image that cannot be read.
        """

    @abstractmethod
    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """A batch of samples."""

    @abstractmethod
    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The loss, under ``loss``, and the parts it is made of, over the samples of all processes.

        Outputs and labels that are both called ``score`` are also correlated over the epoch.
        """

    @abstractmethod
    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Named numbers on the validation part, such as ``srcc`` and ``plcc``; never of the test part.

        Args:
            network: ``network`` in evaluation mode, or its average.
            on_progress: Called with images done and images in all.
        """

    @abstractmethod
    def trained(self, network: nn.Module) -> TrainedModel:
        """What scores, made of the network or its average."""

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """Write the weights in the layout that the authors publish; the files written, none if there is none."""
        return ()
