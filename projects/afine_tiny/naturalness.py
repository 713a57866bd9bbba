"""What the trainings of afine-tiny's naturalness share: opinions, triplets, and what is learned from both."""

from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from acutance.models.afine_tiny.preprocess import CHANNELS, SCALES
from acutance.training.config import TaskSettings
from acutance.training.data import DataConfig, scaled, training_tables
from acutance.training.images import ImageStore
from acutance.training.losses import correlation_loss, l1_loss, preference_loss, weighted
from acutance.training.systems.afine import IMAGES, LABELS
from acutance.training.task import Labels, Outputs, Task
from acutance.training.triplets import PlacedTriplet, TripletData, triplet_lists

SCENE_CHANNELS = CHANNELS * SCALES
"""Fixed maps of an image."""
SCENE_VERSION = 2
"""Of what they mean; another number makes all that is kept of them anew."""


class NaturalnessTraining(TaskSettings):
    """What both are told."""

    data: DataConfig = DataConfig()
    """Photographs with opinions."""
    triplets: TripletData | None = None
    """Synthetic images of which it is known which is better; none are needed."""
    start: str | None = None
    """Folder or file of the training before; random weights without."""
    cache: str | None = None
    """Folder that keeps decoded images."""
    features: str | None = None
    """Folder that keeps what is computed of images once; by default one in that of the run."""
    correlation_weight: float = Field(default=0.5, ge=0)
    """Weight of one minus Pearson's correlation, beside the mean absolute error on a scale of 0 to 1."""
    preference_weight: float = Field(default=0.2, ge=0)
    """Weight of the fidelity losses of the triplets."""


class NaturalnessTask(Task):
    """Qualities of photographs, and which image of a triplet is the better one.

    Args:
        settings: Data and weights of losses.
        folder: Of the run, where features are kept.
    """

    select_by = "srcc"
    select = "highest"

    def __init__(self, settings: NaturalnessTraining, folder: Path) -> None:
        self._settings = settings
        tables = training_tables(settings.data)
        self._train, self._validation = tables.train, tables.validation
        self._labels = scaled(self._train, "unit")
        self._lists = None if settings.triplets is None else triplet_lists(settings.triplets)
        self._store = ImageStore(cache=Path(settings.cache) if settings.cache else None)
        self._kept_in = Path(settings.features) if settings.features else folder / "features"

    def __len__(self) -> int:
        return len(self._train)

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        """Mean absolute error, correlation, and the preferences of each two images of the triplets."""
        settings, scores = self._settings, outputs["score"].float()
        losses = {
            "l1": (1.0, l1_loss(scores, labels["score"])),
            "correlation": (settings.correlation_weight, correlation_loss(scores, labels["score"])),
        }
        if self._lists is not None:
            losses["preference"] = (settings.preference_weight, _preferences(outputs, labels))
        return weighted(losses)

    def synthetic_images(self) -> list[Path]:
        """Those of the triplets that train."""
        triplets = () if self._lists is None else self._lists.train
        return [path for triplet in triplets for path in images_of(triplet)]


def images_of(triplet: PlacedTriplet) -> tuple[Path, Path, Path]:
    """First, second and reference."""
    return triplet.first, triplet.second, triplet.reference


def _preferences(outputs: Outputs, labels: Labels) -> Tensor:
    """The fidelity losses of the samples that have a triplet: all, unless ``has_triplet`` says which."""
    made = labels.get("has_triplet", slice(None))
    first, second, reference = (outputs[name][made] for name in IMAGES)
    if not len(first):
        return outputs["first"].sum() * 0
    pairs = ((first, second), (first, reference), (second, reference))
    each = [preference_loss(*pair, labels[name][made]) for pair, name in zip(pairs, LABELS, strict=True)]
    return torch.stack(each).sum()
