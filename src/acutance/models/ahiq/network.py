"""The network of AHIQ: two frozen trunks, of which only what is used is built, and two trained heads."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from acutance.images.crops import CropBatch
from acutance.layers.imagenet import IMAGENET_MEAN, IMAGENET_STD
from acutance.layers.products import wants_derivative
from acutance.layers.resnet import ResNet50
from acutance.layers.vit import VisionTransformer
from acutance.models.ahiq.config import BLOCKS, BOTTLENECKS, PATCH, AHIQConfig
from acutance.models.ahiq.heads import DeformableFusion, PlaceMap, ReducedMap, Regressor
from acutance.models.ahiq.merged import MergedHeads
from acutance.models.ahiq.sampling import Offsets
from acutance.shapes import ScoreBatch

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Mean and standard deviation that bring pictures from [0, 1] to [-1, 1] (the authors' code, data/pipal.py)."""
IMAGENET = (IMAGENET_MEAN, IMAGENET_STD)
"""PyIQA's default."""


@dataclass(frozen=True, slots=True)
class EncodedCrops:
    """All that a rating needs of the crops of a picture."""

    reduced: Tensor
    """(crops, reduced channels, token rows, token columns)."""
    offsets: Tensor
    """(crops, 18, rows, columns): those of the reference."""


class AHIQNetwork(nn.Module):
    """Rates pairs of crops, place by place. Its trunks are frozen: they neither train nor learn statistics.

    Args:
        config: Its size and normalisation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: AHIQConfig) -> None:
        super().__init__()
        self.vit = VisionTransformer(
            BLOCKS, img_size=config.side, patch_size=PATCH, embed_dim=config.token_width, num_heads=config.heads
        )
        self.resnet = ResNet50(1, layers=(BOTTLENECKS,), channels=(config.cnn_width,))
        self.fusion = DeformableFusion(config)
        self.regressor = Regressor(config)
        for name, values in zip(("mean", "std"), IMAGENET if config.normalisation == "imagenet" else HALF, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.freeze_trunks()
        self._merged: MergedHeads | None = None
        self._cnn_dtype: torch.dtype | None = None

    def freeze_trunks(self) -> None:
        """Leave the trunks in evaluation mode, their parameters without training, as the authors do."""
        self.vit.eval().requires_grad_(requires_grad=False)
        self.resnet.eval().requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> "AHIQNetwork":  # noqa: FBT001, FBT002 (torch's signature)
        """Set the mode of the trained heads; the trunks stay in evaluation mode."""
        super().train(mode)
        self.vit.eval()
        self.resnet.eval()
        return self

    def forward(self, distorted: CropBatch, reference: CropBatch) -> ScoreBatch:
        """One score per pair of crops, which are in [0, 1]."""
        kept = self.encode(reference)
        quality, weight = self.rate(self.encode(distorted, kept.offsets).reduced, kept.reduced)
        return crop_scores(quality, weight)

    def encode(self, crops: CropBatch, offsets: Offsets | None = None) -> EncodedCrops:
        """What a rating needs of these crops.

        Args:
            crops: In [0, 1].
            offsets: Those of the reference's crops; ``None`` if these are the reference's.
        """
        normalised = (crops - self.mean) / self.std
        tokens, maps = self.tokens(normalised), self.maps(normalised)
        if wants_derivative(tokens, maps, *self._trained()):
            offsets = self.fusion.offsets(tokens) if offsets is None else offsets
            return EncodedCrops(self.regressor.reduced(tokens, self.fusion(maps, offsets)), offsets)
        merged = self._merge()
        offsets = merged.offsets(tokens) if offsets is None else offsets
        return EncodedCrops(merged.reduced(tokens, maps, offsets), offsets)

    def rate(self, distorted: ReducedMap, reference: ReducedMap) -> tuple[PlaceMap, PlaceMap]:
        """Quality (unbounded) and weight (0 to 1) of every place of pairs of encoded crops."""
        if wants_derivative(distorted, reference, *self._trained()):
            rated: tuple[Tensor, Tensor] = self.regressor(distorted, reference)
            return rated
        return self._merge().rated(distorted, reference)

    def tokens(self, crops: CropBatch) -> Tensor:
        """Tokens of all blocks of normalised crops: (crops, token channels, token rows, token columns)."""
        joined = torch.cat(list(self.vit.blocks(crops)), dim=2)  # (crops, places, token channels)
        side = crops.shape[2] // PATCH
        return joined.transpose(1, 2).view(len(crops), joined.shape[2], side, side)

    def maps(self, crops: CropBatch) -> Tensor:
        """Outputs of all bottlenecks for normalised crops: (crops, CNN channels, rows, columns)."""
        return torch.cat(list(self.resnet.bottlenecks(crops)), dim=1)

    def use_bfloat16_products(self) -> None:
        """Take the products of both trunks and of the CNN branch's fusion in bfloat16; the rating stays float32."""
        self.vit.use_bfloat16_products()
        self.resnet.use_bfloat16_products()
        self._cnn_dtype, self._merged = torch.bfloat16, None

    def _trained(self) -> list[nn.Parameter]:
        return [*self.fusion.parameters(), *self.regressor.parameters()]

    def _merge(self) -> MergedHeads:
        """The merged heads, made anew when a parameter has changed."""
        if self._merged is None or not self._merged.is_current():
            self._merged = MergedHeads(self.fusion, self.regressor, self._cnn_dtype)
        return self._merged


def crop_scores(quality: PlaceMap, weight: PlaceMap) -> ScoreBatch:
    """The mean quality of the places of each crop, weighted (equation 8 of the paper)."""
    return (quality * weight).sum((1, 2)) / weight.sum((1, 2))
