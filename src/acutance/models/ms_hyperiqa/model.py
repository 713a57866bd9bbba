"""MS-HyperIQA: HyperIQA that looks at three scales of the content before it generates its target network.

No paper; the reference code is github ukeSJTU/CS3324-IQA, folder ms_hyperIQA. Higher is better.
"""

from typing import Literal

from pydantic import Field

from acutance.layers.resnet import ResNet50
from acutance.models.hyperiqa.crop_mean import CropMean
from acutance.models.hyperiqa.model import HyperIQAConfig
from acutance.models.hyperiqa.network import HyperNetwork
from acutance.models.hyperiqa.views import HyperIQAViews
from acutance.models.ms_hyperiqa.published import MS_HYPERIQA_SCORE
from acutance.models.ms_hyperiqa.pyramid import PyramidContent
from acutance.models.quality_model import JSON

DROPOUT = 0.5
"""Share of the target network's first outputs dropped in training (reference code)."""


class MSHyperIQAConfig(HyperIQAConfig):
    """What belongs to a set of weights; the defaults are those of the reference code's trainings."""

    dropout: float = Field(default=DROPOUT, ge=0, lt=1)
    """Share of the target network's first outputs that are dropped in training."""


class MSHyperIQAViews(HyperIQAViews):
    """Where the crops of a picture lie; the score is the mean over them."""

    protocol: Literal["cover", "random"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the reference code's random crops."""


class MSHyperIQA(CropMean):
    """MS-HyperIQA: the mean score of crops, unbounded, on the scale of its training labels. Pictures of any size.

    Args:
        config: What belongs to the weights.
        views: Where the crops lie.
    """

    info = MS_HYPERIQA_SCORE

    def __init__(self, config: MSHyperIQAConfig | None = None, views: MSHyperIQAViews | None = None) -> None:
        config, views = config or MSHyperIQAConfig(), views or MSHyperIQAViews()
        backbone = ResNet50(layers=config.trunk_blocks, channels=config.trunk_channels)
        network = HyperNetwork(backbone, PyramidContent(backbone.channels[1:]), config.dropout)
        super().__init__(network, views=views, resize=config.resize, score_scale=config.score_scale)
        self.configuration = config

    def config(self) -> dict[str, JSON]:
        """What the model must be built with to take its weights."""
        settings: dict[str, JSON] = self.configuration.model_dump(mode="json")
        return settings
