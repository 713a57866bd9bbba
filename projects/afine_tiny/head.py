"""afine-tiny's head: what naturalness the means and deviations of whole images have, over frozen backbones."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from acutance.models.afine.heads import Moments
from acutance.models.afine_tiny.model import AFINETiny, MomentsHead, quality
from acutance.training.features import Rows, digest
from acutance.training.images import correlations
from acutance.training.start import frozen
from acutance.training.systems.afine import IMAGES, LABELS, accuracies, validation_pairs
from acutance.training.task import Batch, Inputs, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import PlacedTriplet
from acutance.types import OnProgress
from projects.afine_tiny.directions import kernel_directions
from projects.afine_tiny.features import ImageFeatures
from projects.afine_tiny.naturalness import (
    SCENE_CHANNELS,
    SCENE_VERSION,
    NaturalnessTask,
    NaturalnessTraining,
    images_of,
)
from projects.afine_tiny.start import BACKBONES, MODEL, tiny_stage

HEAD = "naturalness_head"
"""What learns."""


class HeadTraining(NaturalnessTraining):
    """Settings."""

    kind: Literal["projects.afine_tiny.head:HeadTraining"] = "projects.afine_tiny.head:HeadTraining"
    directions: int = Field(default=64, ge=1)
    """Directions of all means and deviations, along which opinions change, that the head sees."""
    made_directions: int = Field(default=32, ge=0)
    """As many more along which it changes how often synthetic images win, where there are triplets."""
    hidden: int = Field(default=256, ge=1)
    """Width of its layers."""
    layers: int = Field(default=2, ge=1)
    """How many."""
    trunk_share: float = Field(default=0.15, ge=0)
    """Weight of the backbones' inputs beside those of fixed maps where directions of opinions are sought."""
    blend: float = Field(default=1.0, ge=0)
    """Of photographs and opinions with those of another one: both parameters of the beta distribution that shares are
    drawn from; 0 blends none."""
    noise: float = Field(default=0.1, ge=0)
    """Added to directions in training, in their deviations."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of what goes into each layer that is left out in training."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return HeadTask(self, folder)


class HeadNetwork(nn.Module):
    """A head anew; how it normalises its inputs and in which directions it looks at them stays as it is.

    Args:
        head: What learns.
        directions: How many it looks in.
        noise: Added to directions in training, in their deviations.
    """

    spread: Tensor

    def __init__(self, head: MomentsHead, directions: int, noise: float) -> None:
        super().__init__()
        self.head = head
        self.head.norm.requires_grad_(requires_grad=False)
        self.head.directions.requires_grad_(requires_grad=False)
        self.register_buffer("spread", torch.zeros(directions))
        self._noise = noise

    def train(self, mode: bool = True) -> "HeadNetwork":  # noqa: FBT001, FBT002 (as in torch)
        """As any module, but the statistics of the inputs stay what they are."""
        super().train(mode)
        self.head.norm.eval()
        return self

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,) in (0, 1); of triplets raw ``first``, ``second`` and ``reference`` (batch,).

        Of ``photograph`` and ``other`` (batch, 2, channels), and ``share`` (batch,) of the first of them; ``made``
        (batch, 3, 2, channels), where there are triplets.
        """
        share = inputs["share"][:, None]
        blended = share * self.seen(inputs["photograph"]) + (1 - share) * self.seen(inputs["other"])
        outputs = {"score": quality(self._raw(blended)) / 100}
        if "made" in inputs:
            raw = self._raw(self.seen(inputs["made"].flatten(0, 1))).view(-1, len(IMAGES))
            outputs |= dict(zip(IMAGES, raw.unbind(1), strict=True))
        return outputs

    def seen(self, rows: Tensor) -> Tensor:
        """What its layers see, (images, directions), of rows (images, 2, channels)."""
        found: Tensor = self.head.directions(self.head.normalised(moments_of(rows)))
        return found

    def raw(self, rows: Tensor) -> Tensor:
        """Raw naturalness (images,), lower is better, of rows (images, 2, channels)."""
        return self._raw(self.seen(rows))

    def _raw(self, seen: Tensor) -> Tensor:
        if self.training and self._noise:
            seen = seen + self._noise * self.spread * torch.randn_like(seen)
        found: Tensor = self.head.regressor(seen)
        return found


class HeadTask(NaturalnessTask):
    """The head.

    Args:
        config: Settings.
        folder: Of the run, where features are kept.
    """

    def __init__(self, config: HeadTraining, folder: Path) -> None:
        super().__init__(config, folder)
        self._config = config
        self._model = frozen(tiny_stage(config.start, BACKBONES))
        channels = sum(self._model.level_channels)
        self._directions = config.directions + (0 if self._lists is None else config.made_directions)
        head = MomentsHead(channels, config.hidden, config.dropout, config.layers, self._directions)
        self.network: HeadNetwork = HeadNetwork(head, self._directions, config.noise)
        validation = () if self._lists is None else validation_pairs(self._lists.validation)
        self._features = ImageFeatures(
            [
                *self._train.paths(),
                *self._validation.paths(),
                *self.synthetic_images(),
                *(path for path, _ in validation),
            ],
            self._store,
            self._kept_in,
            (2, channels),
            {
                "views": self._model.preprocessing(),
                "weights": digest(self._model.state_dict(), BACKBONES),
                "maps": SCENE_VERSION,
            },
        )

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Describe every image once, normalise by the photographs that train, and find the directions to look in."""
        self._features.fill(self._model.to(device).moments, device, on_progress)
        head = self.network.head.cpu().eval()
        rows = self._features.stacked(self._train.paths())
        counts = torch.full((2 * rows.shape[2],), self._config.trunk_share)
        counts[fixed_inputs(self._model)] = 1
        with torch.no_grad():
            variance, mean = torch.var_mean(head.inputs(moments_of(rows.double())), 0)
            head.norm.load_state_dict({"running_mean": mean, "running_var": variance}, strict=False)
            labels = torch.from_numpy(self._labels.values)
            normalised = head.normalised(moments_of(rows))
            found = kernel_directions(normalised * counts, labels, self._config.directions) * counts
            if self._directions > len(found):
                found = torch.cat([found, self._made_directions(head)])
            head.directions.load_state_dict({"weight": found})
            self.network.spread = head.directions(normalised).std(0)

    def groups(self) -> list[ParameterGroup]:
        """The head."""
        return [ParameterGroup("head", list(self.network.head.regressor.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The rows of a photograph and of another one to blend it with, the opinion of both, and a triplet's rows."""
        blend, values = self._config.blend, self._labels.values
        share, other = 1.0, index
        if blend:
            share, other = float(generator.beta(blend, blend)), int(generator.integers(len(self._train)))
        sample: dict[str, Any] = {
            "photograph": self._row(index),
            "other": self._row(other),
            "share": share,
            "score": share * float(values[index]) + (1 - share) * float(values[other]),
        }
        if self._lists is not None:
            triplet = self._lists.train[int(generator.integers(len(self._lists.train)))]
            sample |= {
                "made": np.stack([self._features.of(path) for path in images_of(triplet)]),
                "labels": triplet.labels,
            }
        return sample

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Rows (batch, ...) and labels."""
        names = ("photograph", "other", *(() if self._lists is None else ("made",)))
        inputs = {name: torch.from_numpy(np.stack([sample[name] for sample in samples])) for name in names}
        inputs["share"] = torch.tensor([float(sample["share"]) for sample in samples])
        labels = {"score": torch.tensor([float(sample["score"]) for sample in samples])}
        if self._lists is not None:
            wins = torch.tensor([sample["labels"] for sample in samples], dtype=torch.float64)
            labels |= dict(zip(LABELS, wins.T.contiguous(), strict=True))
        return Batch(inputs, labels)

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC over photographs, and the accuracy of the raw naturalness over triplets, as they are scored."""
        known: Any = network
        device = next(network.parameters()).device
        found: dict[str, float] = {}
        if len(self._validation):
            raw = known.raw(self._features.stacked(self._validation.paths()).to(device))
            found |= correlations(quality(raw).double().cpu().numpy(), self._validation)
        if self._lists is not None:
            pairs = validation_pairs(self._lists.validation)
            paths = list(dict.fromkeys(path for path, _ in pairs))
            raws = dict(zip(paths, known.raw(self._features.stacked(paths).to(device)).tolist(), strict=True))
            found |= accuracies(self._lists.validation, {pair: raws[pair[0]] for pair in pairs}, 0.0)
        return found

    def trained(self, network: nn.Module) -> TrainedModel:
        """The no-reference half of afine-tiny."""
        part: Any = network
        own = {f"{HEAD}.{name}": value for name, value in part.head.state_dict().items()}
        tensors: dict[str, Any] = {
            name: value
            for name, value in self._model.state_dict().items()
            if name.startswith((*(f"{backbone}." for backbone in BACKBONES), "naturalness_calibrator."))
        }
        sizes = {name: getattr(self._config, name) for name in ("hidden", "layers", "dropout")}
        config = {**self._model.config(), **sizes, "directions": self._directions}
        return TrainedModel(name=MODEL, tensors=tensors | own, config=config, scores_as="afine-tiny-naturalness")

    def _made_directions(self, head: MomentsHead) -> Tensor:
        """Directions along which it changes how often a synthetic image wins."""
        wins = shares_of_wins([] if self._lists is None else self._lists.train)
        normalised = head.normalised(moments_of(self._features.stacked(wins)))
        return kernel_directions(normalised, torch.tensor(list(wins.values())), self._config.made_directions)

    def _row(self, index: int) -> Rows:
        return self._features.of(self._train.path(self._train.rows[index].image))


def moments_of(rows: Tensor) -> Moments:
    """As a head takes them, of rows (images, 2, channels)."""
    return Moments([rows[:, 0]], [rows[:, 1]])


def shares_of_wins(triplets: Iterable[PlacedTriplet]) -> dict[Path, float]:
    """Of the comparisons that each image is in, the share that it wins."""
    won: dict[Path, float] = {}
    met: dict[Path, int] = {}
    for triplet in triplets:
        pairs = combinations(images_of(triplet), 2)
        for (first, second), share in zip(pairs, triplet.labels, strict=True):
            for path, part in ((first, share), (second, 1 - share)):
                won[path] = won.get(path, 0.0) + part
                met[path] = met.get(path, 0) + 1
    return {path: total / met[path] for path, total in won.items()}


def fixed_inputs(model: AFINETiny) -> Tensor:
    """Which inputs of the head come of the image itself and of fixed maps, (inputs,)."""
    channels = torch.zeros(sum(model.level_channels), dtype=torch.bool)
    channels[: model.level_channels[0]] = channels[-SCENE_CHANNELS:] = True
    return channels.repeat(2)
