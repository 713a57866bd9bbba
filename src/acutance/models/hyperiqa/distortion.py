"""Local distortion features of HyperIQA: what the four stages of its trunk say of small regions of a crop."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from acutance.layers.products import product
from acutance.layers.resnet import FeatureMap

WIDTH = 224
"""Numbers that describe a crop to the target network (paper, section 3.3; the authors' code)."""
STAGE_WIDTH = 16
"""Of which each stage but the last gives so many, and the last one gives the others."""
CELL = 7
"""Rows and columns that are averaged, so that the last stage of a 224 x 224 crop is one cell."""
REDUCED = (16, 32, 64)
"""Channels that the first three stages are reduced to."""
CELLS = (64, 16, 4, 1)
"""Cells of 7 x 7 in each stage of a 224 x 224 crop."""

StageVector = Float[Tensor, "batch width"]
"""What one stage says of each crop."""


class StageDistortion(nn.Module):
    """What one stage says of a crop: channels reduced, cells averaged, one linear layer.

    Args:
        channels: Of the stage.
        reduced: Channels after the 1 x 1 convolution; ``None`` leaves it out.
        cells: Cells of 7 x 7 in the stage.
        width: Numbers to give.
    """

    def __init__(self, channels: int, reduced: int | None, cells: int, width: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1, bias=False) if reduced else None
        self.project = nn.Linear((reduced or channels) * cells, width)
        if self.reduce is not None:
            nn.init.kaiming_normal_(self.reduce.weight)
        nn.init.kaiming_normal_(self.project.weight)

    def forward(self, features: FeatureMap) -> StageVector:
        """(batch, width). Averaging first gives the same as reducing first, with a 49th of the products."""
        cells = functional.avg_pool2d(features, CELL)  # (batch, channels, rows / 7, columns / 7)
        if self.reduce is not None:
            cells = product(cells.permute(0, 2, 3, 1), self.reduce).permute(0, 3, 1, 2)
        return product(cells.flatten(1), self.project)


def stage_distortions(channels: Sequence[int]) -> nn.ModuleList:
    """One ``StageDistortion`` for each of the four stages, together 224 numbers.

    Args:
        channels: Of the four stages.
    """
    first = [
        StageDistortion(count, reduced, cells, STAGE_WIDTH)
        for count, reduced, cells in zip(channels[:3], REDUCED, CELLS[:3], strict=True)
    ]
    last = StageDistortion(channels[3], None, CELLS[3], WIDTH - 3 * STAGE_WIDTH)
    return nn.ModuleList([*first, last])
