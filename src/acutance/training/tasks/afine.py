"""What the three stages of A-FINE share: settings, labels, pictures, validation by accuracy of preferences."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from acutance.errors import TrainingError
from acutance.stats.preferences import three_alternative_accuracy
from acutance.training.config import Settings
from acutance.training.pictures import PictureStore, Pixels
from acutance.training.task import Batch, Labels
from acutance.training.triplet_data import Pair, PlacedTriplet, TripletData
from acutance.training.variants import draw_variant, varied
from acutance.types import OnProgress

PICTURES = ("first", "second", "reference")
"""Of a triplet."""
LABELS = ("first_second", "first_reference", "second_reference")
"""Which two of them each label is about."""


class StageTraining(Settings):
    """What all stages are told."""

    data: TripletData = TripletData()
    """Datasets and their triplets."""
    cache: str | None = None
    """Folder that keeps decoded pictures."""
    augment: bool = True
    """Flip and transpose the three pictures of a triplet together."""
    margin: float = Field(default=0.0, ge=0)
    """Largest difference of two scores that counts as equal in validation."""


def picture_sample(
    triplet: PlacedTriplet, store: PictureStore, generator: np.random.Generator, *, augment: bool
) -> Mapping[str, Any]:
    """The pictures of a triplet, flipped and transposed together, and its labels.

    Args:
        triplet: Which one.
        store: Reads pictures.
        generator: Draws the variant.
        augment: Whether to draw one.
    """
    variant = draw_variant(generator) if augment else 0
    paths = {"first": triplet.first, "second": triplet.second, "reference": triplet.reference}
    pixels = {name: varied(np.asarray(store.read(path)), variant) for name, path in paths.items()}
    return {**pixels, "labels": triplet.labels}


def picture_batch(samples: Sequence[Mapping[str, Any]]) -> Batch:
    """The pictures of some triplets as lists of 8-bit (3, H, W), for their sizes may differ, and their labels."""
    inputs = {name: [torch.from_numpy(sample[name]).permute(2, 0, 1) for sample in samples] for name in PICTURES}
    return Batch(inputs, label_tensors(samples))


def label_tensors(samples: Sequence[Mapping[str, Any]]) -> Labels:
    """Who wins, three tensors (batch,) in float64, as the authors' loss takes them."""
    labels = torch.tensor([sample["labels"] for sample in samples], dtype=torch.float64)
    return dict(zip(LABELS, labels.T.contiguous(), strict=True))


def by_size(pictures: Sequence[Tensor]) -> Iterator[tuple[list[int], Tensor]]:
    """8-bit pictures (3, H, W) in batches of one size, in [0, 1], with their places in the sequence."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        places.setdefault(tuple(picture.shape), []).append(place)
    for together in places.values():
        yield together, torch.stack([pictures[place] for place in together]).float() / 255


def in_order(parts: Iterable[tuple[list[int], Tensor]]) -> Tensor:
    """Results for the batches of ``by_size`` in the order of the sequence.

    Args:
        parts: Places, and a tensor (places, ...) for them.
    """
    known = list(parts)
    places = [place for together, _ in known for place in together]
    joined = torch.cat([values for _, values in known])
    return joined[torch.tensor(np.argsort(places), device=joined.device)]


def accuracies(
    lists: Mapping[str, Sequence[PlacedTriplet]], scores: Mapping[Pair, float], margin: float
) -> dict[str, float]:
    """Share of the triplets of each dataset that scores decide as people do, and the mean over datasets.

    Args:
        lists: Validation triplets by dataset.
        scores: Of every picture of them beside its reference, lower for better ones.
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
    """The pictures of all validation triplets with their references, each once."""
    return list(dict.fromkeys(pair for triplets in lists.values() for triplet in triplets for pair in triplet.pairs()))


def demand_one_size(pictures: Mapping[str, Pixels], reference: Pixels) -> None:
    """Raise unless pictures have the height and width of their reference.

    Args:
        pictures: By what they are called.
        reference: Shape (H, W, 3).

    Raises:
        TrainingError: One that has not.
    """
    wanted = " x ".join(map(str, reference.shape[:2]))
    for name, pixels in pictures.items():
        if pixels.shape != reference.shape:
            got = " x ".join(map(str, pixels.shape[:2]))
            raise TrainingError(
                f"Expected {name} of the size of its reference, {wanted}, got {got}. Resize it, or leave it out."
            )


def reporter(total: int, on_progress: OnProgress | None) -> Callable[[int], None]:
    """What counts things done.

    Args:
        total: In all.
        on_progress: Told how many are done, of how many.
    """
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        if on_progress is not None:
            on_progress(done, total)

    return report
