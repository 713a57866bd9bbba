"""HyperIQA: quality of a picture seen alone, by a small network that is generated for each crop of it.

Su, Yan, Zhu, Zhang, Ge, Sun, Zhang: Blindly Assess Image Quality in the Wild Guided by a Self-Adaptive Hyper
Network, CVPR 2020. Higher is better.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from acutance.layers.resnet import CHANNELS, ResNet50
from acutance.layers.resnet_names import BLOCKS
from acutance.models.hyperiqa.crop_mean import CropMean
from acutance.models.hyperiqa.network import HyperNetwork, LastStageContent
from acutance.models.hyperiqa.published import HYPERIQA_SCORE, OFFICIAL_RESIZE
from acutance.models.hyperiqa.views import CROP_SIDE, HyperIQAViews
from acutance.models.quality_model import JSON

Pixels = Annotated[int, Field(ge=CROP_SIDE)]
Count = Annotated[int, Field(ge=1)]


class HyperIQAConfig(BaseModel):
    """What belongs to a set of weights; the defaults are those of the authors' KonIQ-10k weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resize: tuple[Pixels, Pixels] | None = OFFICIAL_RESIZE
    """Height and width in pixels that pictures are brought to before crops are cut; ``None`` leaves them."""
    score_scale: float = Field(default=1.0, gt=0)
    """What the network's scores are multiplied by; 100 for weights trained on labels in 0..1."""
    trunk_blocks: tuple[Count, Count, Count, Count] = BLOCKS
    """Bottlenecks in each stage of the trunk; the default is ResNet-50."""
    trunk_channels: tuple[Count, Count, Count, Count] = CHANNELS
    """Channels inside each stage's bottlenecks, a fourth of what they give."""


class HyperIQA(CropMean):
    """HyperIQA: the mean score of crops, unbounded, about 0 to 100. Pictures of any size.

    Args:
        config: What belongs to the weights.
        views: Where the crops lie.
    """

    info = HYPERIQA_SCORE

    def __init__(self, config: HyperIQAConfig | None = None, views: HyperIQAViews | None = None) -> None:
        config = config or HyperIQAConfig()
        backbone = ResNet50(layers=config.trunk_blocks, channels=config.trunk_channels)
        network = HyperNetwork(backbone, LastStageContent(backbone.channels[-1]))
        super().__init__(network, views=views or HyperIQAViews(), resize=config.resize, score_scale=config.score_scale)
        self.configuration = config

    def config(self) -> dict[str, JSON]:
        """What the model must be built with to take its weights."""
        settings: dict[str, JSON] = self.configuration.model_dump(mode="json")
        return settings
