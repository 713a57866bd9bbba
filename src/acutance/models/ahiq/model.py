"""AHIQ: quality of an image beside its reference, from a transformer and a CNN (Lao et al., arXiv 2204.10485)."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.images.crops import Position
from acutance.layers.images import CropBatch, cut, enlarge_to_at_least
from acutance.models.ahiq.entry import ENTRY
from acutance.models.ahiq.network import TAPS, AHIQNetwork, EncodedCrops, crop_scores
from acutance.models.ahiq.preprocess import AHIQViews, crop_positions, view_settings
from acutance.models.ahiq.weights import PATCH, AHIQConfig
from acutance.models.patches import SeenPatches, seen_patches
from acutance.models.quality_model import EncodedReference, QualityModel, check_batch
from acutance.shapes import ImageBatch, ScoreBatch
from acutance.types import JSON

CROPS_AT_ONCE = 4
"""Pairs of crops that go through the network together: a CPU is as fast with one, and memory grows with each."""

CropMaps = Float[Tensor, "crops places_down places_across"]
"""One number per place of each crop, all crops of an image together."""
CropPlaces = Float[Tensor, "batch crops places_down places_across"]
"""One number per place of each crop of each image."""
PixelMap = Float[Tensor, "batch height width"]
"""One number per pixel."""
EncodedPart = Callable[[slice], EncodedCrops]
"""The encoded reference's crops in a range of crops."""


class AHIQ(QualityModel):
    """AHIQ: the mean score of crops, each the weighted mean quality of its places; higher is better.

    Asymmetric: which image is the reference matters. Images of any size; both of one size.

    Args:
        config: The size of the network; by default the published one, with random weights.
        options: Which crops are rated; by default such that every pixel is.
    """

    configuration: AHIQConfig
    info = ENTRY.info

    def __init__(self, config: AHIQConfig | None = None, options: AHIQViews | None = None) -> None:
        super().__init__()
        self.configuration = config or AHIQConfig()
        self.views = options or AHIQViews()
        self.network = AHIQNetwork(self.configuration)

    def requires_grad_(self, requires_grad: bool = True) -> "AHIQ":  # noqa: FBT001, FBT002 (torch's signature)
        """Let the heads train or not; the backbones never do."""
        super().requires_grad_(requires_grad)
        self.network.freeze_backbones()
        return self

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """score, and lowest_crop and highest_crop: the scores of the worst and the best crop."""
        distorted, reference = self.checked_pair(distorted, reference)
        return self._terms(distorted, self._rate(distorted, self._parts_of(reference)))

    def map(self, distorted: ImageBatch, reference: ImageBatch) -> dict[str, PixelMap]:
        """Where in each image the score comes from.

        A crop's score is the mean of its places' quality f, weighted with the attention w that they get:
        ``sum(f w) / sum(w)``. Every place of a crop is laid over its 8 x 8 pixels, and crops are averaged where
        they overlap, so the score is not the weighted mean of these two maps, only near it.

        Args:
            distorted: Images in [0, 1].

        Returns:
            ``quality`` f (unbounded, higher is better) and ``weight`` w (0 to 1), of the size of the images; NaN
            where the protocol puts no crop.
        """
        distorted, reference = self.checked_pair(distorted, reference)
        quality, weight = self._rate(distorted, self._parts_of(reference))
        return {"quality": self._map(quality, distorted), "weight": self._map(weight, distorted)}

    def encode_reference(self, reference: ImageBatch) -> EncodedReference[EncodedCrops]:
        """What a rating needs of one reference (a batch of one), to compare many images with."""
        check_batch(reference, "reference", self.smallest_side)
        crops = self._crops(reference)
        return EncodedReference(
            tuple(reference.shape), _joined([self.network.encode(crops[part]) for part in _parts(len(crops))])
        )

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory in bytes that ``encode_reference`` of an image of this size holds."""
        crops = len(self._positions(height, width)[0])
        places = self.configuration.places**2
        numbers = self.configuration.reduced_width * places + 2 * TAPS * 4 * places
        return crops * numbers * self._dtype.itemsize

    def terms_against(
        self, distorted: ImageBatch, features: list[EncodedReference[EncodedCrops]]
    ) -> dict[str, ScoreBatch]:
        """``terms`` of a batch, the i-th image against the i-th encoded reference."""
        kept = _joined(self.kept_beside(distorted, features))
        rated = self._rate(distorted, lambda part: EncodedCrops(kept.reduced[part], kept.offsets[part]))
        return self._terms(distorted, rated)

    def seen_patches(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> SeenPatches:
        """The crops of one image, whose scores are averaged."""
        check_batch(distorted, "distorted", self.smallest_side)
        height, width = distorted.shape[2:]
        places, order = self._positions(height, width)
        view = self._view_size(height, width)
        return seen_patches([places[index] for index in order], self.configuration.side, view, (height, width))

    def looks(self, height: int, width: int) -> tuple[int, str]:
        """How many crops of an image of this size are rated."""
        return len(self._positions(height, width)[0]), "crop"

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs."""
        return view_settings(self.views, self.configuration)

    def use_bfloat16_products(self) -> bool:
        """Take the products of the backbones and of the fusion in bfloat16; the rating of pairs stays float32."""
        self.network.use_bfloat16_products()
        return True

    def computes_in(self, asked: str, device: str) -> str:
        """The precision it computes in: on a CPU without bfloat16 the CNN backbone goes on in float32."""
        mixed = self.network.resnet.computes_in(asked, device) != asked
        return f"{asked}, CNN backbone in float32" if mixed else asked

    @property
    def _dtype(self) -> torch.dtype:
        return self.network.regressor.quality.weight.dtype

    def _rate(self, distorted: ImageBatch, part_of: EncodedPart) -> tuple[CropMaps, CropMaps]:
        """Quality and weight of the places of every crop, a part of the crops at a time."""
        crops = self._crops(distorted)
        rated = []
        for part in _parts(len(crops)):
            kept = part_of(part)
            reduced = self.network.encode(crops[part], kept.offsets).reduced
            rated.append(self.network.rate(reduced, kept.reduced))
        quality, weight = zip(*rated, strict=True)
        return torch.cat(quality), torch.cat(weight)

    def _parts_of(self, reference: ImageBatch) -> EncodedPart:
        crops = self._crops(reference)
        return lambda part: self.network.encode(crops[part])

    def _crops(self, images: ImageBatch) -> CropBatch:
        """One crop of each position, enlarged images first."""
        view = enlarge_to_at_least(images.to(self._dtype), self.configuration.side)
        return cut(view, self._positions(*images.shape[2:])[0], self.configuration.side)

    def _positions(self, height: int, width: int) -> tuple[list[Position], list[int]]:
        """Every position once, and for each crop of the protocol which of them is its."""
        return _numbered(self.views, *self._view_size(height, width), self.configuration.side)

    def _view_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an image once it is large enough."""
        without_values = torch.empty(1, 3, height, width, device="meta")
        rows, columns = enlarge_to_at_least(without_values, self.configuration.side).shape[2:]
        return rows, columns

    def _terms(self, distorted: ImageBatch, rated: tuple[CropMaps, CropMaps]) -> dict[str, ScoreBatch]:
        order = self._positions(*distorted.shape[2:])[1]
        scores = crop_scores(*rated).view(len(distorted), -1)[:, order]  # (batch, crops)
        return {"lowest_crop": scores.amin(1), "highest_crop": scores.amax(1), "score": scores.mean(1)}

    def _map(self, values: CropMaps, distorted: ImageBatch) -> PixelMap:
        height, width = distorted.shape[2:]
        crops = values.view(len(distorted), -1, *values.shape[1:])
        return laid_over(crops, self._positions(height, width)[0], self._view_size(height, width), (height, width))


@lru_cache(maxsize=4)
def _numbered(views: AHIQViews, height: int, width: int, side: int) -> tuple[list[Position], list[int]]:
    """Every position once, and the index there of each crop; not to be changed, for it is kept."""
    positions = crop_positions(views, height, width, side)
    index = {position: number for number, position in enumerate(dict.fromkeys(positions))}
    return list(index), [index[position] for position in positions]


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, CROPS_AT_ONCE):
        yield slice(start, start + CROPS_AT_ONCE)


def _joined(parts: list[EncodedCrops]) -> EncodedCrops:
    reduced, offsets = zip(*((part.reduced, part.offsets) for part in parts), strict=True)
    return EncodedCrops(torch.cat(reduced), torch.cat(offsets))


def laid_over(
    values: CropPlaces, positions: Sequence[Position], view: tuple[int, int], image: tuple[int, int]
) -> PixelMap:
    """The values as a map of the image: averaged where crops overlap, NaN where there is none.

    Args:
        values: Each place is laid over 8 x 8 pixels of the view.
        positions: Of the crops in the view, in pixels.
        view: Height and width that the image was cut at.
        image: Height and width of the image; a smaller one than the view takes the nearest values.
    """
    tiles = values.repeat_interleave(PATCH, dim=2).repeat_interleave(PATCH, dim=3)
    total, count = values.new_zeros(len(values), *view), values.new_zeros(view)
    for index, (top, left) in enumerate(positions):
        place = (..., slice(top, top + tiles.shape[2]), slice(left, left + tiles.shape[3]))
        total[place] += tiles[:, index]
        count[place] += 1
    whole = total / count
    if view == image:
        return whole
    return functional.interpolate(whole.unsqueeze(1), size=image, mode="nearest-exact").squeeze(1)
