"""afine-tiny's stage 1: backbones and naturalness head learn from rated photographs and pairs of synthetic images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from acutance.models.afine_tiny.entry import AFINETinyConfig
from acutance.models.afine_tiny.model import AFINETinyNaturalness, quality
from acutance.models.afine_tiny.preprocess import Views
from acutance.training.images import as_images, correlations, scores_of
from acutance.training.systems.afine import IMAGES, LABELS, accuracies, validation_pairs
from acutance.training.task import Batch, Inputs, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import PlacedTriplet
from acutance.types import OnProgress
from projects.afine_tiny.features import ImageFeatures
from projects.afine_tiny.naturalness import (
    SCENE_CHANNELS,
    SCENE_VERSION,
    NaturalnessTask,
    NaturalnessTraining,
    images_of,
)
from projects.afine_tiny.start import start_backbones
from projects.afine_tiny.views import Window, draw_window, small_pixels

VIEWS = ("whole", "detail", "scene")
"""What the network is given of an image."""


class Stage1Training(NaturalnessTraining):
    """Settings."""

    kind: Literal["projects.afine_tiny.stage1:Stage1Training"] = "projects.afine_tiny.stage1:Stage1Training"
    triplet_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the photographs that a triplet is learned beside."""
    model: AFINETinyConfig = AFINETinyConfig()
    """Sizes of the network."""
    whole_crop: int = Field(default=192, ge=32)
    """Side in pixels of the part of the small copy that a step sees."""
    detail_crop: int = Field(default=224, ge=32)
    """Side in pixels of the part at full size."""
    triplet_crop: int = Field(default=160, ge=32)
    """Side in pixels of both parts of the images of a triplet."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return Stage1Task(self, folder)


class TinyNaturalnessNetwork(nn.Module):
    """Qualities of photographs and raw naturalness of triplets, of their views."""

    def __init__(self, model: AFINETinyNaturalness) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``score`` (batch,) in (0, 1); ``first``, ``second``, ``reference`` (batch,) of triplets, 0 where none is.

        Of ``whole`` and ``detail`` (batch, 3, side, side), uint8, and ``scene`` (batch, 2, 90); ``made_whole``,
        ``made_detail`` and ``made_scene``, lists of the same of 3 images or of none.
        """
        outputs = {"score": quality(self._raw(*(inputs[view] for view in VIEWS))) / 100}
        made = [place for place, views in enumerate(inputs["made_whole"]) if len(views)]
        if made:
            views = (torch.cat([inputs[f"made_{view}"][place] for place in made]) for view in VIEWS)
            raw = self._raw(*views).view(len(made), len(IMAGES))
            padded = raw.new_zeros(len(inputs["made_whole"]), len(IMAGES))
            padded = padded.index_copy(0, torch.tensor(made, device=raw.device), raw)
        else:
            padded = outputs["score"].new_zeros(len(inputs["made_whole"]), len(IMAGES))
        return {**outputs, **dict(zip(IMAGES, padded.unbind(1), strict=True))}

    def _raw(self, whole: Tensor, detail: Tensor, scene: Tensor) -> Tensor:
        return self.model.raw_naturalness(Views(whole.float() / 255, detail.float() / 255), scene)


class Stage1Task(NaturalnessTask):
    """Stage 1.

    Args:
        config: Settings.
        folder: Of the run, where scene statistics are kept.
    """

    def __init__(self, config: Stage1Training, folder: Path) -> None:
        super().__init__(config, folder)
        self._config = config
        if self._lists is not None:
            self.alone_because = "only some of several would meet a triplet in a step, and normalise it for all"
        self.network: TinyNaturalnessNetwork = TinyNaturalnessNetwork(AFINETinyNaturalness(config.model))
        if config.start is not None:
            start_backbones(self.network.model, config.start)
        self.network.model.naturalness_calibrator.requires_grad_(requires_grad=False)
        self._scene = ImageFeatures(
            [*self._train.paths(), *self.synthetic_images()],
            self._store,
            self._kept_in,
            (2, SCENE_CHANNELS),
            {"views": self.network.model.preprocessing(), "maps": SCENE_VERSION},
        )

    def prepare(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Compute the scene statistics of every image once."""
        self._scene.fill(self.network.model.to(device).scene_moments, device, on_progress)

    def groups(self) -> list[ParameterGroup]:
        """Backbones and head, which have one rate."""
        model = self.network.model
        backbones = [*model.whole.parameters(), *model.detail.parameters()]
        return [ParameterGroup("trunks", backbones), ParameterGroup("head", list(model.naturalness_head.parameters()))]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """Views of a photograph and its opinion, and of some the views of a triplet."""
        config = self._config
        path = self._train.path(self._train.rows[index].image)
        sample: dict[str, Any] = {
            **self._views(path, draw_window(generator), draw_window(generator), config.whole_crop, config.detail_crop),
            "score": self._labels.values[index],
            "made": [],
            "labels": (0.5,) * 3,
        }
        if self._lists is not None and generator.random() < config.triplet_share:
            triplet = self._lists.train[int(generator.integers(len(self._lists.train)))]
            windows = draw_window(generator), draw_window(generator)
            sample |= {"made": self._made(triplet, *windows), "labels": triplet.labels}
        return sample

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Views and labels; triplets as lists."""
        inputs: dict[str, Any] = {
            "whole": _pixels([sample["whole"] for sample in samples]),
            "detail": _pixels([sample["detail"] for sample in samples]),
            "scene": _rows([sample["scene"] for sample in samples]),
            "made_whole": [_pixels([one["whole"] for one in sample["made"]]) for sample in samples],
            "made_detail": [_pixels([one["detail"] for one in sample["made"]]) for sample in samples],
            "made_scene": [_rows([one["scene"] for one in sample["made"]]) for sample in samples],
        }
        labels = torch.tensor([sample["labels"] for sample in samples], dtype=torch.float64)
        return Batch(
            inputs,
            {
                "score": torch.tensor([float(sample["score"]) for sample in samples]),
                "has_triplet": torch.tensor([bool(sample["made"]) for sample in samples]),
                **dict(zip(LABELS, labels.T.contiguous(), strict=True)),
            },
        )

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """SRCC and PLCC over photographs, and the accuracy of the raw naturalness over triplets, as they are scored."""
        model: Any = network.model
        device = next(network.parameters()).device
        found: dict[str, float] = {}
        if len(self._validation):
            scores = scores_of(self._validation, model, self._store.read, on_progress)
            found |= correlations(scores, self._validation)
        if self._lists is not None:
            pairs = validation_pairs(self._lists.validation)
            images = list(dict.fromkeys(image for image, _ in pairs))
            known = {
                path: float(model.terms(as_images(self._store.read(path), device))["raw_naturalness"])
                for path in images
            }
            found |= accuracies(self._lists.validation, {pair: known[pair[0]] for pair in pairs}, 0.0)
        return found

    def trained(self, network: nn.Module) -> TrainedModel:
        """The no-reference half of afine-tiny."""
        model: Any = network.model
        config = self._config.model.model_dump(mode="json")
        return TrainedModel(
            name="afine-tiny", tensors=model.state_dict(), config=config, scores_as="afine-tiny-naturalness"
        )

    def _made(self, triplet: PlacedTriplet, whole: Window, detail: Window) -> list[Mapping[str, Any]]:
        """Views of the three images of a triplet, cut alike."""
        side = self._config.triplet_crop
        return [self._views(path, whole, detail, side, side) for path in images_of(triplet)]

    def _views(self, path: Path, whole: Window, detail: Window, whole_side: int, detail_side: int) -> Mapping[str, Any]:
        pixels = np.asarray(self._store.read(path))
        small = small_pixels(pixels, self._config.model.whole_side)
        return {
            "whole": whole.cut(small, whole_side),
            "detail": detail.cut(pixels, detail_side),
            "scene": np.array(self._scene.of(path)),
        }


def _pixels(squares: Sequence[Any]) -> Tensor:
    """Pixels (side, side, 3) as one tensor (squares, 3, side, side), uint8."""
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).contiguous() if squares else torch.empty(0)


def _rows(rows: Sequence[Any]) -> Tensor:
    return torch.from_numpy(np.stack(rows)) if rows else torch.empty(0)
