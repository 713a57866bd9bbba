"""VTAMIQ: quality of an image beside its reference, from patches at free positions.

Chubarau, Clark, arXiv 2110.01655. Lower is better.
"""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.images import EnlargedBatch, enlarge_to_at_least
from acutance.models.patches import SeenPatches, joined_patches, seen_patches
from acutance.models.quality_model import EncodedReference, QualityModel, check_batch
from acutance.models.vtamiq.context import context_sets
from acutance.models.vtamiq.entry import SCORE
from acutance.models.vtamiq.network import Decoder, Encoder, Predictor, ResidualGroup
from acutance.models.vtamiq.patches import Positions, Size, fixed_sets, sizes_of
from acutance.models.vtamiq.preprocess import PATCH, VTAMIQViews
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.shapes import ChannelBatch, ImageBatch, ScoreBatch
from acutance.types import JSON

BELOW_ONE = 1 - 1e-6
"""Largest place: the last cell of the table of positions ends below 1 (the authors' code)."""

ClassTokens = Float[Tensor, "batch sets channels"]
"""One class token for each image and set of patches."""
Places = Float[Tensor, "patches 2"]
"""Row and column of each patch as the encoder takes them."""
Scales = Int[Tensor, " patches"]
"""Scale of each patch, 0 the finest."""
CutPatches = Float[Tensor, "batch patches 3 side side"]
"""Patches of images."""


class VTAMIQ(QualityModel):
    """VTAMIQ: one number a pair, unbounded, trained to lie in [0, 1]; images of any size.

    Args:
        config: The network; by default the repository's present state.
        options: Which patches it sees; by default all.
    """

    configuration: VTAMIQConfig
    info = SCORE

    def __init__(self, config: VTAMIQConfig | None = None, options: VTAMIQViews | None = None) -> None:
        super().__init__()
        self.configuration = config = config or VTAMIQConfig()
        self.views = options or VTAMIQViews()
        self.views.check()
        self.encoder = Encoder(config)
        self.difference_gain = nn.Parameter(torch.ones(config.width)) if config.difference_gain else None
        self.difference_embedding = ResidualGroup(config) if config.difference_embedding else None
        self.decoder = Decoder(config) if config.decoder else None
        self.predictor = Predictor(config)

    def compare(self, distorted: ChannelBatch, reference: ChannelBatch) -> ScoreBatch:
        """Scores, (batch,), from the class tokens of images and of their references."""
        difference = self.modulated(distorted, reference)
        scores: Tensor = self.predictor(difference)
        return scores

    def modulated(self, distorted: ChannelBatch, reference: ChannelBatch) -> ChannelBatch:
        """What the predictor reads: the difference of the class tokens after gain, embedding and decoder."""
        difference = reference - distorted
        if self.difference_gain is not None:
            difference = difference * self.difference_gain
        if self.difference_embedding is not None:
            difference = difference * self.difference_embedding.body(reference)
        if self.decoder is not None:
            difference = self.decoder(difference)
        return difference

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """Score, its spread over the sets (highest minus lowest), and the difference of the class tokens.

        The difference is the mean of its magnitude: 0 for equal images, for which the score is
        ``score_of_identical()``.
        """
        distorted, reference = self.checked_pair(distorted, reference)
        distorted, reference = self._prepared(distorted), self._prepared(reference)
        if self._depends_on_pair():
            pairs = zip(torch.split(distorted, 1), torch.split(reference, 1), strict=True)
            tokens = [self._encode(torch.cat(pair), self._sets_of(*pair)) for pair in pairs]
            both = torch.stack(tokens, dim=1)  # (2, batch, sets, width)
            return self._judge(both[0], both[1])
        tokens_of_both = self._encode(torch.cat([distorted, reference]), self._fixed_sets(distorted))
        return self._judge(*tokens_of_both.chunk(2))

    def score_of_identical(self) -> float:
        """The score of any image beside itself, which is one number for a set of weights."""
        nothing = self.predictor.hidden.weight.new_zeros(1, self.configuration.width)
        with torch.no_grad():
            return float(self.compare(nothing, nothing))

    def encode_reference(self, reference: ImageBatch) -> EncodedReference[Tensor]:
        """The class tokens of one reference (a batch of one), to compare many images with."""
        check_batch(reference, "reference", self.smallest_side)
        if self._depends_on_pair():
            return EncodedReference(tuple(reference.shape), reference)
        prepared = self._prepared(reference)
        return EncodedReference(tuple(reference.shape), self._encode(prepared, self._fixed_sets(prepared)))

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory in bytes that ``encode_reference`` of an image of this size holds."""
        size = self.predictor.hidden.weight.element_size()
        if self._depends_on_pair():
            return 3 * height * width * size
        return len(fixed_sets(height, width, self.configuration, self.views)) * self.configuration.width * size

    def terms_against(self, distorted: ImageBatch, features: list[EncodedReference[Tensor]]) -> dict[str, ScoreBatch]:
        """``terms`` of a batch, the i-th image against the i-th encoded reference."""
        kept = torch.cat(self.kept_beside(distorted, features))
        if self._depends_on_pair():
            return self.terms(distorted, kept)
        prepared = self._prepared(distorted)
        return self._judge(self._encode(prepared, self._fixed_sets(prepared)), kept)

    def seen_patches(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> SeenPatches:
        """The patches of one image, of all scales and of all sets whose scores are averaged."""
        if self._depends_on_pair():
            pair = self.checked_pair(distorted, reference)
            sets = self._sets_of(*map(self._prepared, pair))
        else:
            check_batch(distorted, "distorted", self.smallest_side)
            sets = self._fixed_sets(self._prepared(distorted))
        height, width = distorted.shape[2:]
        view = sizes_of(height, width, self.configuration)[0]
        parts = [
            seen_patches(corners.astype(np.int64), PATCH, view, (height, width), scale)
            for positions in sets
            for scale, corners in enumerate(positions)
        ]
        return joined_patches(parts)

    def looks(self, height: int, width: int) -> tuple[int, str]:
        """How many sets of patches of an image of this size are encoded."""
        if self._depends_on_pair():
            return self.views.repeats, f"set of {self.views.patches} patches"
        sets = fixed_sets(height, width, self.configuration, self.views)
        return len(sets), f"set of {max(sum(map(len, each)) for each in sets)} patches"

    def preprocessing(self) -> dict[str, JSON]:
        """Which patches are seen, and how."""
        return self.views.settings(self.configuration)

    def use_bfloat16_products(self) -> bool:
        """Take the encoder's products in bfloat16, but those of the class token; all else stays float32."""
        self.encoder.use_bfloat16_products()
        return True

    def _judge(self, distorted: ClassTokens, reference: ClassTokens) -> dict[str, ScoreBatch]:
        each = self.compare(distorted.flatten(0, 1), reference.flatten(0, 1)).view(distorted.shape[:2])
        return {
            "spread": each.amax(1) - each.amin(1),
            "difference": (reference - distorted).abs().mean((1, 2)),
            "score": each.mean(1),
        }

    def _encode(self, images: ImageBatch, sets: list[Positions]) -> ClassTokens:
        """The class token of each image for each set of patches, one set after the other."""
        sizes = sizes_of(images.shape[2], images.shape[3], self.configuration)
        levels = pyramid(images, len(sizes), self.configuration)
        tokens = []
        for positions in sets:
            told = places(positions, self.configuration, self.views, sizes).to(images.device)
            scales = (
                scales_of(positions).to(images.device).expand(len(images), -1) if self.configuration.scales else None
            )
            tokens.append(self.encoder(cut_patches(levels, positions), told.expand(len(images), -1, -1), scales))
        return torch.stack(tokens, dim=1)

    def _prepared(self, images: ImageBatch) -> Tensor:
        return large_enough(images.to(self.predictor.hidden.weight.dtype))

    def _depends_on_pair(self) -> bool:
        return self.views.protocol == "context-aware"

    def _fixed_sets(self, images: ImageBatch) -> list[Positions]:
        return fixed_sets(images.shape[2], images.shape[3], self.configuration, self.views)

    def _sets_of(self, distorted: Tensor, reference: Tensor) -> list[Positions]:
        scales = len(sizes_of(distorted.shape[2], distorted.shape[3], self.configuration))
        return context_sets(reference[0], distorted, scales, self.views)


def large_enough(images: ImageBatch) -> EnlargedBatch:
    """The images with sides of at least one patch."""
    return enlarge_to_at_least(images, PATCH)


def pyramid(images: ImageBatch, count: int, config: VTAMIQConfig) -> list[Tensor]:
    """The normalised images on each scale, the finest first: 2 x 2 means, odd edges dropped."""
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if config.pixels == "imagenet" else ((0.5,) * 3, (0.5,) * 3)
    middle, spread = (images.new_tensor(values).view(1, 3, 1, 1) for values in (mean, std))
    levels = [(images - middle) / spread]
    for _ in range(count - 1):
        levels.append(functional.avg_pool2d(levels[-1], 2))
    return levels


def cut_patches(levels: Iterable[Tensor], positions: Positions) -> CutPatches:
    """The patches at these positions of each image, scale by scale."""
    return torch.cat([_cut(level, corners) for level, corners in zip(levels, positions, strict=True)], dim=1)


def places(positions: Positions, config: VTAMIQConfig, views: VTAMIQViews, sizes: Iterable[Size]) -> Places:
    """Where each patch lies, as the encoder was trained to be told."""
    told = [_place(corners, np.array(size), config, views) for corners, size in zip(positions, sizes, strict=True)]
    return torch.from_numpy(np.concatenate(told).astype(np.float32))


def scales_of(positions: Positions) -> Scales:
    """The scale of each patch."""
    return torch.repeat_interleave(torch.arange(len(positions)), torch.tensor([len(level) for level in positions]))


def _place(corners: np.ndarray, size: np.ndarray, config: VTAMIQConfig, views: VTAMIQViews) -> np.ndarray:
    """From the whole corner in 2021, from the drawn one since (the authors' code)."""
    corner = config.position_from == "corner"
    if views.uv == "centred":
        shares = (corners.astype(np.int64) + PATCH / 2) / size
    elif corner:
        shares = corners.astype(np.int64) / np.maximum(size - PATCH, 1)
    else:
        shares = (corners + PATCH / 2) / (size - PATCH / 2)
    told: np.ndarray = 2 * shares - 1 if corner else np.clip(shares, 0, BELOW_ONE)
    return told


def _cut(level: Tensor, corners: np.ndarray) -> Tensor:
    """(batch, patches, 3, 16, 16)."""
    top_left = torch.from_numpy(corners.astype(np.int64)).to(level.device)
    steps = torch.arange(PATCH, device=level.device)
    rows, columns = (top_left[:, axis, None] + steps for axis in (0, 1))  # (patches, 16) each
    return level[:, :, rows[:, :, None], columns[:, None, :]].transpose(1, 2)
