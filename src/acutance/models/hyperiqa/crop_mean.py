"""A model whose score of a picture is the mean score of some crops of it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from acutance.errors import InputError
from acutance.images.crops import CropBatch, Position, SeenPatches, seen_patches
from acutance.layers.products import wants_derivative
from acutance.models.hyperiqa.network import HyperNetwork
from acutance.models.hyperiqa.target import CropScores
from acutance.models.hyperiqa.views import CROP_SIDE, HyperIQAViews, Size, positions, seen, view_settings
from acutance.models.quality_model import JSON, QualityModel, check_batch
from acutance.shapes import ImageBatch, ScoreBatch

CROPS_AT_ONCE = 5
"""Crops that a CPU computes at once where no derivative is wanted: of 1, 2, 5, 9 and 25 the fastest in float32 and
in bfloat16 (one core of a Xeon with AMX and 2 MB of second-level cache)."""
CROPS_AT_ONCE_ELSEWHERE = 96
"""Crops that another device computes at once: the batch of the authors' training."""
FLOAT32_BLOCKS = 4
"""First bottlenecks that compute in float32 even when the others do not: what they round off moves the score most.
With the sensitive golden weights scores are then 0.022 off (root mean square) instead of 0.048, those of MS-HyperIQA
0.084 instead of 0.096."""


class CropMean(QualityModel):
    """Scores of 224 x 224 crops by one network, averaged over the crops of a picture.

    Args:
        network: Scores crops.
        views: Where the crops lie.
        resize: Height and width that pictures are brought to before crops are cut; ``None`` leaves them.
        score_scale: What the network's scores are multiplied by.
    """

    needs_reference = False

    def __init__(self, network: HyperNetwork, *, views: HyperIQAViews, resize: Size | None, score_scale: float) -> None:
        super().__init__()
        self.network = network
        self.views = views
        self.resize = resize
        self.score_scale = score_scale

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """The score alone: the mean over the crops of each picture."""
        check_batch(distorted, "distorted", self.smallest_side)
        images = seen(distorted.to(self.network.mean.dtype), self.views, self.resize)
        places = positions(images.shape[2], images.shape[3], self.views)
        parts = [self.score_crops(crops) for crops in _cut(images, places, self._at_once(images))]
        return {"score": torch.cat(parts).view(len(images), len(places)).mean(1)}

    def score_crops(self, crops: CropBatch) -> CropScores:
        """The score of each crop by itself.

        Args:
            crops: Shape (N, 3, 224, 224), in [0, 1].

        Raises:
            InputError: Crops of another size.
        """
        if tuple(crops.shape[1:]) != (3, CROP_SIDE, CROP_SIDE):
            raise InputError(
                f"Expected crops of shape (crops, 3, {CROP_SIDE}, {CROP_SIDE}), got {tuple(crops.shape)}. "
                "Score whole pictures with the model itself."
            )
        scores: Tensor = self.network(crops) * self.score_scale
        return scores

    def seen_patches(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> SeenPatches:
        """The crops of one picture, whose scores are averaged."""
        check_batch(distorted, "distorted", self.smallest_side)
        view = seen(distorted.to(self.network.mean.dtype), self.views, self.resize)
        (height, width), (rows, columns) = distorted.shape[2:], view.shape[2:]
        return seen_patches(positions(rows, columns, self.views), CROP_SIDE, (rows, columns), (height, width))

    def looks(self, height: int, width: int) -> tuple[int, str]:
        """How many crops of a picture of this size are scored."""
        view = seen(torch.empty(1, 3, height, width, device="meta"), self.views, self.resize)
        return len(positions(view.shape[2], view.shape[3], self.views)), "crop"

    def preprocessing(self) -> dict[str, JSON]:
        """How pictures become network inputs."""
        scale: dict[str, JSON] = {} if self.score_scale == 1 else {"score_scale": self.score_scale}
        return view_settings(self.views, self.resize) | scale

    def use_bfloat16_products(self) -> bool:
        """Compute most of the trunk in bfloat16; its first stage and what is made of it stay float32."""
        self.network.backbone.use_bfloat16_products(FLOAT32_BLOCKS)
        return True

    def computes_in(self, asked: str, device: str) -> str:
        """The precision it computes in: float32 instead of bfloat16 on a CPU that has no instructions for it."""
        return self.network.backbone.computes_in(asked, device)

    def _at_once(self, images: Tensor) -> int | None:
        """How many crops are computed at once; ``None`` for all, where all must be kept for the derivative."""
        if wants_derivative(images, *self.parameters()) or self.network.training:
            return None
        return CROPS_AT_ONCE if images.device.type == "cpu" else CROPS_AT_ONCE_ELSEWHERE


def _cut(images: Tensor, places: list[Position], at_once: int | None) -> Iterator[Tensor]:
    """The crops of each picture, one picture after the other, some at a time."""
    every = [(image, top, left) for image in images for top, left in places]
    size = at_once or len(every)
    for first in range(0, len(every), size):
        chosen = every[first : first + size]
        yield torch.stack([image[:, top : top + CROP_SIDE, left : left + CROP_SIDE] for image, top, left in chosen])
