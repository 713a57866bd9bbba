"""afine-tiny without opinions: one backbone learns what was done to an image, and how strongly."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from acutance.datasets.table import OpinionTable
from acutance.distortions import KINDS, LEVELS, distort
from acutance.layers.residual import ResidualBackbone
from acutance.models.afine_tiny.entry import AFINETinyConfig
from acutance.models.afine_tiny.model import mean_and_variance, normalised
from acutance.training.config import TaskSettings
from acutance.training.data import DataConfig, training_tables
from acutance.training.images import ImageStore, Pixels
from acutance.training.losses import weighted
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.types import OnProgress
from projects.afine_tiny.views import draw_window, small_pixels

NAMES = tuple(kind for kind in KINDS)
CLASSES = 1 + len(NAMES) * LEVELS
"""Nothing done, or one of 25 kinds at one of 5 levels."""
VALIDATION_BATCH = 50


class Pretraining(TaskSettings):
    """Settings."""

    kind: Literal["projects.afine_tiny.pretrain:Pretraining"] = "projects.afine_tiny.pretrain:Pretraining"
    data: DataConfig = DataConfig()
    """Photographs; their opinions are not looked at."""
    cache: str | None = None
    """Folder that keeps decoded images."""
    model: AFINETinyConfig = AFINETinyConfig()
    """Sizes of the backbones."""
    side: int = Field(default=192, ge=32)
    """Of the squares in pixels."""
    small: float = Field(default=0.5, ge=0, le=1)
    """Share of the squares that are cut from the small copy of the image, for the backbone that sees it whole."""
    clean: float = Field(default=0.04, ge=0, le=1)
    """Share of the squares that nothing is done to."""
    validation_pictures: int = Field(default=1000, ge=1)
    """Images of the validation part that are looked at."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return PretrainTask(self)


class PretrainingNetwork(nn.Module):
    """A backbone, and a classifier of the means and deviations of its stages."""

    def __init__(self, config: AFINETinyConfig) -> None:
        super().__init__()
        self.trunk = ResidualBackbone(config.stem, config.channels, config.blocks)
        numbers = 2 * sum(config.channels)
        self.norm = nn.BatchNorm1d(numbers)
        self.hidden = nn.Linear(numbers, config.hidden)
        self.distortion = nn.Linear(config.hidden, CLASSES)

    def forward(self, inputs: Inputs) -> Outputs:
        """``distortion`` (batch, 126), logits, of ``squares`` (batch, 3, side, side), uint8."""
        found: list[Tensor] = []
        for features in self.trunk(normalised(inputs["squares"].float() / 255)):
            mean, variance = mean_and_variance(features.float().permute(0, 2, 3, 1).flatten(1, 2))
            found += [mean, (variance + 1e-6).sqrt()]
        with torch.autocast(found[0].device.type, enabled=False):
            hidden = functional.relu(self.hidden(self.norm(torch.cat(found, 1))))
            return {"distortion": self.distortion(hidden)}


class PretrainTask(Task):
    """Pretraining.

    Args:
        config: Settings.
    """

    select_by = "accuracy"
    select = "highest"

    def __init__(self, config: Pretraining) -> None:
        self._config = config
        tables = training_tables(config.data)
        self._train, self._validation = tables.train, tables.validation
        self._store = ImageStore(cache=Path(config.cache) if config.cache else None)
        self.network: PretrainingNetwork = PretrainingNetwork(config.model)

    def __len__(self) -> int:
        return len(self._train)

    def groups(self) -> list[ParameterGroup]:
        """All of it."""
        return [ParameterGroup("network", list(self.network.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """A square of an image, and what was done to it."""
        return self._draw(self._train, index, generator)

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Squares (batch, 3, side, side) and classes (batch,)."""
        squares = torch.from_numpy(np.stack([sample["square"] for sample in samples])).permute(0, 3, 1, 2).contiguous()
        return Batch({"squares": squares}, {"distortion": torch.tensor([int(one["distortion"]) for one in samples])})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Cross entropy."""
        distortion = functional.cross_entropy(outputs["distortion"].float(), labels["distortion"])
        return weighted({"distortion": (1.0, distortion)})

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Shares of right classes, on the same squares every time; ``kind`` counts a wrong level as right."""
        device = next(network.parameters()).device
        count = min(self._config.validation_pictures, len(self._validation))
        if not count:
            return {}
        right = {"accuracy": 0, "kind": 0}
        for start in range(0, count, VALIDATION_BATCH):
            places = range(start, min(start + VALIDATION_BATCH, count))
            drawn = [self._draw(self._validation, place, np.random.default_rng([7, place])) for place in places]
            batch = self.collate(drawn)
            outputs = network({"squares": batch.inputs["squares"].to(device)})
            guess = outputs["distortion"].argmax(1).cpu()
            wanted = batch.labels["distortion"]
            right["accuracy"] += int((guess == wanted).sum())
            right["kind"] += int(((guess + LEVELS - 1) // LEVELS == (wanted + LEVELS - 1) // LEVELS).sum())
            if on_progress is not None:
                on_progress(places.stop, count)
        return {name: number / count for name, number in right.items()}

    def trained(self, network: nn.Module) -> TrainedModel:
        """The backbone, in both places of afine-tiny; its heads have learned nothing yet."""
        backbone: Any = network.trunk
        tensors = {
            f"{part}.{name}": value.clone()
            for part in ("whole", "detail")
            for name, value in backbone.state_dict().items()
        }
        return TrainedModel(name="afine-tiny", tensors=tensors, config=self._config.model.model_dump(mode="json"))

    def _draw(self, table: OpinionTable, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        config = self._config
        pixels = np.asarray(self._store.read(table.path(table.rows[index].image)))
        if generator.random() < config.small:
            pixels = small_pixels(pixels, config.model.whole_side)
        square = draw_window(generator).cut(pixels, config.side)
        distortion = 0
        if generator.random() >= config.clean:
            kind, level = int(generator.integers(len(NAMES))), int(generator.integers(LEVELS))
            square = _distorted(square, kind, level + 1, int(generator.integers(2**31)))
            distortion = 1 + kind * LEVELS + level
        return {"square": np.ascontiguousarray(square), "distortion": distortion}


def _distorted(square: Pixels, kind: int, level: int, seed: int) -> Pixels:
    return np.asarray(distort(square, NAMES[kind], level, seed=seed))
