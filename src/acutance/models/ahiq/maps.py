"""What a network says of the places of crops, laid over the picture that the crops were cut from."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from acutance.images.crops import Position
from acutance.models.ahiq.config import PATCH

CropPlaces = Float[Tensor, "batch crops places_down places_across"]
"""One number per place of each crop of each picture."""
PictureMap = Float[Tensor, "batch height width"]
"""One number per pixel."""


def laid_over(
    values: CropPlaces, positions: Sequence[Position], view: tuple[int, int], picture: tuple[int, int]
) -> PictureMap:
    """The values as a map of the picture: averaged where crops overlap, NaN where there is none.

    Args:
        values: Each place is laid over 8 x 8 pixels of the view.
        positions: Of the crops in the view, in pixels.
        view: Height and width that the picture was cut at.
        picture: Height and width of the picture; a smaller one than the view takes the nearest values.
    """
    tiles = values.repeat_interleave(PATCH, dim=2).repeat_interleave(PATCH, dim=3)
    total, count = values.new_zeros(len(values), *view), values.new_zeros(view)
    for index, (top, left) in enumerate(positions):
        place = (..., slice(top, top + tiles.shape[2]), slice(left, left + tiles.shape[3]))
        total[place] += tiles[:, index]
        count[place] += 1
    whole = total / count
    if view == picture:
        return whole
    return functional.interpolate(whole.unsqueeze(1), size=picture, mode="nearest-exact").squeeze(1)
