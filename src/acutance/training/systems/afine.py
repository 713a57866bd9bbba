"""A-FINE in training: what its stages share, and stage 1, which learns naturalness (Chen, Wu, Ma, Zhang, CVPR 2025)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from acutance.errors import TrainingError
from acutance.models.afine.heads import moments
from acutance.models.afine.model import AFINENaturalness
from acutance.models.afine.weights import CLIP_ARCHIVE, start_clip
from acutance.stats.preferences import three_alternative_accuracy
from acutance.training.config import TaskSettings
from acutance.training.images import ImageStore, Pixels, as_images, read_ahead
from acutance.training.losses import preference_loss
from acutance.training.publish import lacks_of_clip, publish_stage1, unused_of_clip
from acutance.training.start import clip_file
from acutance.training.task import Batch, Inputs, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.training.triplets import Pair, PlacedTriplet, TripletData, triplet_lists
from acutance.types import OnProgress
from acutance.weights.download import sha256_of

VARIANTS = 8
"""Left and right, up and down, transposed: each or not."""


def draw_variant(generator: np.random.Generator) -> int:
    """One of the variants, each of the three choices with probability 0.5.

    Returns:
        Bits: 1 flips left and right, 2 up and down, 4 transposes height and width after that.
    """
    flips = generator.random(3) < 0.5
    return int(flips @ np.array([1, 2, 4]))


def varied(pixels: NDArray[np.uint8], variant: int) -> NDArray[np.uint8]:
    """An image flipped and transposed, always a copy.

    Example:
        >>> varied(np.arange(6, dtype=np.uint8).reshape(1, 2, 3), 1)[0, 0].tolist()
        [3, 4, 5]
    """
    if variant & 1:
        pixels = pixels[:, ::-1]
    if variant & 2:
        pixels = pixels[::-1]
    if variant & 4:
        pixels = pixels.transpose(1, 0, 2)
    return np.array(pixels, order="C")


IMAGES = ("first", "second", "reference")
"""Of a triplet."""
LABELS = ("first_second", "first_reference", "second_reference")
"""Which two of them each label is about."""


class StageTraining(TaskSettings):
    """What all stages are told."""

    data: TripletData = TripletData()
    """Datasets and their triplets."""
    cache: str | None = None
    """Folder that keeps decoded images."""
    augment: bool = True
    """Flip and transpose the three images of a triplet together."""
    margin: float = Field(default=0.0, ge=0)
    """Largest difference of two scores that counts as equal in validation."""


def image_sample(
    triplet: PlacedTriplet, store: ImageStore, generator: np.random.Generator, *, augment: bool
) -> Mapping[str, Any]:
    """The images of a triplet, flipped and transposed together, and its labels."""
    variant = draw_variant(generator) if augment else 0
    paths = {"first": triplet.first, "second": triplet.second, "reference": triplet.reference}
    pixels = {name: varied(np.asarray(store.read(path)), variant) for name, path in paths.items()}
    return {**pixels, "labels": triplet.labels}


def image_batch(samples: Sequence[Mapping[str, Any]]) -> Batch:
    """The images of some triplets as lists of 8-bit (3, H, W), for their sizes may differ, and their labels."""
    inputs = {name: [torch.from_numpy(sample[name]).permute(2, 0, 1) for sample in samples] for name in IMAGES}
    return Batch(inputs, label_tensors(samples))


def label_tensors(samples: Sequence[Mapping[str, Any]]) -> Labels:
    """Who wins, three tensors (batch,) in float64, as the authors' loss takes them."""
    labels = torch.tensor([sample["labels"] for sample in samples], dtype=torch.float64)
    return dict(zip(LABELS, labels.T.contiguous(), strict=True))


def by_size(images: Sequence[Tensor]) -> Iterator[tuple[list[int], Tensor]]:
    """8-bit images (3, H, W) in batches of one size, in [0, 1], with their places in the sequence."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, image in enumerate(images):
        places.setdefault(tuple(image.shape), []).append(place)
    for together in places.values():
        yield together, torch.stack([images[place] for place in together]).float() / 255


def in_order(parts: Iterable[tuple[list[int], Tensor]]) -> Tensor:
    """Results for the batches of ``by_size`` in the order of the sequence."""
    known = list(parts)
    places = [place for together, _ in known for place in together]
    joined = torch.cat([values for _, values in known])
    return joined[torch.tensor(np.argsort(places), device=joined.device)]


def accuracies(
    lists: Mapping[str, Sequence[PlacedTriplet]], scores: Mapping[Pair, float], margin: float
) -> dict[str, float]:
    """Share of the triplets of each dataset that scores decide as people do, and the mean over datasets.

    Args:
        scores: Of every image of them beside its reference, lower for better ones.
        margin: Largest difference that counts as equal.

    Returns:
        ``accuracy_`` and the name of each dataset, and ``accuracy``, their mean.
    """
    found: dict[str, float] = {}
    for name, triplets in lists.items():
        first, second = np.array([[scores[pair] for pair in triplet.pairs()] for triplet in triplets], np.float64).T
        wins = np.array([triplet.labels[0] for triplet in triplets], dtype=np.float64)
        found[f"accuracy_{name}"] = three_alternative_accuracy(first, second, wins, margin=margin, better="lower")
    return {"accuracy": float(np.mean(list(found.values()))), **found}


def validation_pairs(lists: Mapping[str, Sequence[PlacedTriplet]]) -> list[Pair]:
    """The images of all validation triplets with their references, each once."""
    return list(dict.fromkeys(pair for triplets in lists.values() for triplet in triplets for pair in triplet.pairs()))


def require_one_size(images: Mapping[str, Pixels], reference: Pixels) -> None:
    """Raise unless images have the height and width of their reference."""
    wanted = " x ".join(map(str, reference.shape[:2]))
    for name, pixels in images.items():
        if pixels.shape != reference.shape:
            got = " x ".join(map(str, pixels.shape[:2]))
            raise TrainingError(
                f"Expected {name} of the size of its reference, {wanted}, got {got}. Resize it, or leave it out."
            )


def reporter(total: int, on_progress: OnProgress | None) -> Callable[[int], None]:
    """What counts things done, and tells how many of ``total`` are."""
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if on_progress is not None:
            on_progress(done, total)

    return report


class AFINEStage1Training(StageTraining):
    """Stage 1."""

    kind: Literal["afine_stage1"] = "afine_stage1"
    start: str | None = None
    """What CLIP begins with: OpenAI's ``ViT-B-32.pt``, a state dict of it or of its image tower, a clip_model.pth, an
    afine.pth, or the name ``vit_base_patch32_clip_224.openai``, timm's file of the same weights; ``none`` for random
    weights."""

    def build(self, folder: Path) -> Task:
        """The task."""
        return AFINEStage1Task(self)


class NaturalnessNetwork(nn.Module):
    """Raw naturalness of the three images of triplets."""

    def __init__(self, model: AFINENaturalness) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> Outputs:
        """``first``, ``second`` and ``reference``, (batch,) each, of lists of 8-bit images (3, H, W)."""
        count = len(inputs["first"])
        images = [image for name in IMAGES for image in inputs[name]]
        raw = in_order((places, self.raw(batch)) for places, batch in by_size(images))
        return dict(zip(IMAGES, torch.split(raw, count), strict=True))

    def raw(self, images: Tensor) -> Tensor:
        """Raw naturalness (batch,) of images in [0, 1]; the head computes in float32 whatever the encoder does."""
        found = moments(self.model.levels(images))
        with torch.autocast(images.device.type, enabled=False):
            raw: Tensor = self.model.naturalness_head(found)
        return raw


class AFINEStage1Task(Task):
    """Stage 1.

    Args:
        model: What is trained; by default A-FINE's, from random weights or ``start``.
    """

    select_by = "accuracy"
    select = "highest"

    def __init__(self, config: AFINEStage1Training, model: AFINENaturalness | None = None) -> None:
        self._config = config
        self._lists = triplet_lists(config.data)
        self._lists.require_images()
        self._store = ImageStore(cache=Path(config.cache) if config.cache else None)
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
        """The images of a triplet, flipped and transposed together."""
        return image_sample(self._lists.train[index], self._store, generator, augment=self._config.augment)

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        """Images of mixed sizes in lists."""
        return image_batch(samples)

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """The fidelity loss of each two of the three images, summed."""
        first, second, reference = (outputs[name] for name in IMAGES)
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
        images = list(dict.fromkeys(image for image, _ in pairs))
        report = reporter(len(images), on_progress)
        known: dict[Path, float] = {}
        for image, pixels in zip(images, read_ahead(images, self._store.read), strict=True):
            known[image] = float(raw(as_images(pixels, device)))
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
