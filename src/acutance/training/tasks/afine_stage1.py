"""A-FINE's stage 1: CLIP's image tower and the naturalness head learn preferences of pictures seen alone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.models.afine.clip_start import start_clip
from acutance.models.afine.model import AFINENaturalness
from acutance.models.afine.published import CLIP_ARCHIVE
from acutance.models.afine.statistics import moments
from acutance.training.afine_files import lacks_of_clip, publish_stage1, unused_of_clip
from acutance.training.afine_start import clip_file
from acutance.training.pictures import PictureStore, read_ahead
from acutance.training.preferences import preference_loss
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.tasks.afine import (
    PICTURES,
    StageTraining,
    accuracies,
    by_size,
    in_order,
    picture_batch,
    picture_sample,
    reporter,
    validation_pairs,
)
from acutance.training.triplet_data import triplet_lists
from acutance.training.validation import as_images
from acutance.types import OnProgress
from acutance.weights.digest import sha256_of


class AFINEStage1Training(StageTraining):
    """Stage 1."""

    kind: Literal["afine_stage1"] = "afine_stage1"
    start: str | None = None
    """What CLIP begins with: OpenAI's ``ViT-B-32.pt``, a state dict of it or of its image tower, a clip_model.pth, an
    afine.pth, or the name ``vit_base_patch32_clip_224.openai``, timm's file of the same weights; ``none`` for random
    weights."""


class NaturalnessNetwork(nn.Module):
    """Raw naturalness of the three pictures of triplets."""

    def __init__(self, model: AFINENaturalness) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``first``, ``second`` and ``reference``, (batch,) each, of lists of 8-bit pictures (3, H, W)."""
        count = len(inputs["first"])
        pictures = [picture for name in PICTURES for picture in inputs[name]]
        raw = in_order((places, self.raw(images)) for places, images in by_size(pictures))
        return dict(zip(PICTURES, torch.split(raw, count), strict=True))

    def raw(self, images: Tensor) -> Tensor:
        """Raw naturalness (batch,) of pictures in [0, 1]; the head computes in float32 whatever the encoder does."""
        found = moments(self.model.levels(images))
        with torch.autocast(images.device.type, enabled=False):
            raw: Tensor = self.model.naturalness_head(found)
        return raw


class AFINEStage1Task(Task):
    """Stage 1.

    Args:
        config: Data and where CLIP starts from.
        model: What is trained; by default A-FINE's, from random weights or ``start``.
    """

    select_by = "accuracy"
    select = "highest"

    def __init__(self, config: AFINEStage1Training, model: AFINENaturalness | None = None) -> None:
        self._config = config
        self._lists = triplet_lists(config.data)
        self._lists.demand_pictures()
        self._store = PictureStore(cache=Path(config.cache) if config.cache else None)
        self.network: NaturalnessNetwork = NaturalnessNetwork(model or AFINENaturalness())
        self._start = clip_file(config.start)
        self._sha256 = None
        if self._start is not None:
            start_clip(self.network.model.encoder, self._start)
            self._sha256 = sha256_of(self._start)
        self.network.model.naturalness_calibrator.requires_grad_(requires_grad=False)

    def __len__(self) -> int:
        return len(self._lists.train)

    def remarks(self) -> Iterable[str]:
        """Whether CLIP is random, or begins as OpenAI published it, and what of its file will be zero."""
        if self._start is None:
            yield (
                "CLIP is trained from random weights: task.start is none. The published training begins with OpenAI's "
                f"{CLIP_ARCHIVE.filename}"
            )
        elif self._sha256 == CLIP_ARCHIVE.sha256:
            yield f"CLIP begins with {self._start}, the file that OpenAI published (sha256 {self._sha256})"
        elif self._start.name == CLIP_ARCHIVE.filename:
            yield (
                f"CLIP begins with {self._start}, which is not the file that OpenAI published: its sha256 is "
                f"{self._sha256}, not {CLIP_ARCHIVE.sha256}"
            )
        if lacks_of_clip(self._start):
            yield (
                "What A-FINE does not use of CLIP, its text tower above all, will be zero in published/clip_model.pth: "
                "task.start does not hold it"
            )

    def groups(self) -> list[ParameterGroup]:
        """The head and the encoder, which have one rate."""
        model = self.network.model
        return [
            ParameterGroup("head", list(model.naturalness_head.parameters())),
            ParameterGroup("encoder", list(model.encoder.parameters())),
        ]

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        """The pictures of a triplet, flipped and transposed together."""
        return picture_sample(self._lists.train[index], self._store, generator, augment=self._config.augment)

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Pictures of mixed sizes in lists."""
        return picture_batch(samples)

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The fidelity loss of each two of the three pictures, summed."""
        first, second, reference = (outputs[name] for name in PICTURES)
        each = {
            "first_second": preference_loss(first, second, labels["first_second"]),
            "first_reference": preference_loss(first, reference, labels["first_reference"]),
            "second_reference": preference_loss(second, reference, labels["second_reference"]),
        }
        return {"loss": torch.stack(list(each.values())).sum(), **each}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Accuracy of the raw naturalness; the reference plays no part."""
        raw: Any = network.raw
        device = next(network.parameters()).device
        pairs = validation_pairs(self._lists.validation)
        pictures = list(dict.fromkeys(picture for picture, _ in pairs))
        report = reporter(len(pictures), on_progress)
        known: dict[Path, float] = {}
        for picture, pixels in zip(pictures, read_ahead(pictures, self._store.read), strict=True):
            known[picture] = float(raw(as_images(pixels, device)))
            report(1)
        return accuracies(self._lists.validation, {pair: known[pair[0]] for pair in pairs}, self._config.margin)

    def trained(self, network: nn.Module) -> TrainedModel:
        """The no-reference half of A-FINE."""
        model: Any = network.model
        return TrainedModel(
            name="afine",
            tensors=model.state_dict(),
            config={},
            scores_as="afine-naturalness",
            trunk_sha256={self._start.name: self._sha256} if self._start and self._sha256 else {},
        )

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        """``net_qhead.pth`` and ``clip_model.pth``."""
        model: Any = network.model
        return publish_stage1(model.state_dict(), unused_of_clip(self._start), folder)
