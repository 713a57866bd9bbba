"""What belongs to weights of HyperIQA: the network's configuration, files and the names in them; loads no torch."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from acutance.layers.imagenet import BLOCKS, CHANNELS, resnet50_names
from acutance.models.hyperiqa.preprocess import CROP_SIDE
from acutance.weights.key_table import COUNTER, KeyTable
from acutance.weights.record import STATE_DICTS, CheckpointRecord, Layout

OFFICIAL_RESIZE = (512, 384)
"""Height and width that the authors' KonIQ-10k images were brought to: ``Resize((512, 384))`` of torchvision."""

_Pixels = Annotated[int, Field(ge=CROP_SIDE)]
_Count = Annotated[int, Field(ge=1)]


class HyperIQAConfig(BaseModel):
    """What belongs to a set of weights; the defaults are those of the authors' KonIQ-10k weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resize: tuple[_Pixels, _Pixels] | None = OFFICIAL_RESIZE
    """Height and width in pixels that images are brought to before crops are cut; ``None`` leaves them."""
    score_scale: float = Field(default=1.0, gt=0)
    """What the network's scores are multiplied by; 100 for weights trained on labels in 0..1."""
    trunk_blocks: tuple[_Count, _Count, _Count, _Count] = BLOCKS
    """Bottlenecks in each stage of the backbone; the default is ResNet-50."""
    trunk_channels: tuple[_Count, _Count, _Count, _Count] = CHANNELS
    """Channels inside each stage's bottlenecks, a fourth of what they give."""


PAPER = (
    "Su, Yan, Zhu, Zhang, Ge, Sun, Zhang: Blindly Assess Image Quality in the Wild Guided by a Self-Adaptive "
    "Hyper Network, CVPR 2020"
)

HYPERIQA = CheckpointRecord(
    name="hyperiqa",
    trained_on=("koniq10k",),  # its repository: koniq_pretrained.pkl
    title="HyperIQA",
    repository=None,
    filename="koniq_pretrained.pkl",
    origin=(
        "Download it from the Google Drive folder or Baidu cloud that the authors' page, "
        "github.com/SSL92/hyperIQA, links to"
    ),
    size_bytes=109_900_000,  # 27,375,369 numbers in float32 and the statistics of 53 batch norms
    licence=(
        "The authors' code is MIT, the weights carry no licence of their own and were trained on KonIQ-10k, "
        "whose images are from Flickr; commercial use: unknown, ask the authors first."
    ),
    paper=PAPER,
    note="Trained on images squeezed to height 512 and width 384, which is done here too.",
)
"""The authors' own weights, trained on KonIQ-10k."""

HYPERIQA_PYIQA = CheckpointRecord(
    name="hyperiqa-pyiqa",
    former_name="hyperiqa.pyiqa",
    trained_on=("koniq10k",),  # PyIQA's options/train/HyperNet
    title="HyperIQA (PyIQA)",
    repository="chaofengc/IQA-PyTorch-Weights",
    filename="HyperIQA-resnet50-koniq10k-c96c41b1.pth",
    size_bytes=109_834_491,
    sha256="c96c41b1094c8c1ed86cbd661941717f95e24e09e791b2c512d4ffbbde7253ed",  # as its page on the hub states it
    licence=(
        "Published with PyIQA, whose licence is PolyForm Noncommercial 1.0.0; trained on KonIQ-10k. "
        "Commercial use: no, unless its author allows it."
    ),
    paper=PAPER,
    note="Another training on KonIQ-10k, without squeezing; its 0..1 are multiplied by 100.",
)
"""PyIQA's training, whose scores are not those of the authors' weights."""

RESNET50_TV = CheckpointRecord(
    name="resnet50.tv_in1k",
    title="ResNet-50 of torchvision, its first weights",
    repository="timm/resnet50.tv_in1k",
    filename="model.safetensors",
    local_name="resnet50.tv_in1k.safetensors",
    size_bytes=102_440_820,  # 25,610,152 numbers and 53 counters
    licence="BSD-3-Clause, but trained on ImageNet, which is for non-commercial research; commercial use: unknown.",
    paper="He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, arXiv 1512.03385",
    is_backbone=True,
    note="Trainings of HyperIQA and MS-HyperIQA start from it; scoring needs it never.",
)
"""What the authors' trainings start from: the numbers of torchvision's ``resnet50-19c8e357.pth``."""
STARTS = (RESNET50_TV,)
"""Files that trainings of HyperIQA and MS-HyperIQA may start from."""


def backbone_names(foreign: str) -> dict[str, str | None]:
    """Names of a ResNet-50 below a foreign prefix; the numbers of batches it has seen are dropped."""
    own = {name: None if name.endswith(COUNTER) else f"network.backbone.trunk.{name}" for name in resnet50_names()}
    return {f"{foreign}.{name}": own[name] for name in own}


def layer_names(foreign: str, own: str) -> dict[str, str | None]:
    """Names of weight and bias of one layer."""
    return {f"{foreign}.weight": f"{own}.weight", f"{foreign}.bias": f"{own}.bias"}


def official_head_names() -> dict[str, str | None]:
    """Names of the authors' layers that read the backbone, apart from those that make the content map."""
    numbers = range(1, 6)
    return _head_names(
        reduce=[f"res.lda{number}_pool.0" for number in numbers[:3]],
        project=[f"res.lda{number}_fc" for number in numbers[:4]],
        weights=[*(f"fc{number}w_conv" for number in numbers[:4]), "fc5w_fc"],
        biases=[f"fc{number}b_fc" for number in numbers],
    )


def _pyiqa_head_names() -> dict[str, str | None]:
    return _head_names(
        reduce=[f"params.lda_modules.{index}.0" for index in range(3)],
        project=[f"params.lda_modules.{index}.{3 if index < 3 else 2}" for index in range(4)],
        weights=[*(f"params.fc_w_modules.{index}" for index in range(4)), "params.fc_w_modules.4.2"],
        biases=[f"params.fc_b_modules.{index}.2" for index in range(5)],
    )


def _head_names(
    *, reduce: Sequence[str], project: Sequence[str], weights: Sequence[str], biases: Sequence[str]
) -> dict[str, str | None]:
    names: dict[str, str | None] = {
        f"{foreign}.weight": f"network.distortions.{index}.reduce.weight" for index, foreign in enumerate(reduce)
    }
    for index, foreign in enumerate(project):
        names |= layer_names(foreign, f"network.distortions.{index}.project")
    for index, foreign in enumerate(weights):
        names |= layer_names(foreign, f"network.generator.{f'weights.{index}' if index < 4 else 'last_weight'}")
    for index, foreign in enumerate(biases):
        names |= layer_names(foreign, f"network.generator.biases.{index}")
    return names


def _content_names(prefix: str) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for own, foreign in enumerate((0, 2, 4)):
        names |= layer_names(f"{prefix}conv1.{foreign}", f"network.content.reductions.{own}")
    return names


OFFICIAL = Layout(
    name="official",
    keys=KeyTable({**backbone_names("res"), **official_head_names(), **_content_names("")}),
    wrappers=STATE_DICTS,
)
"""A state dict of the authors' hyper network, bare or beside what a training of one's own wrote down."""
PYIQA = Layout(
    name="pyiqa",
    keys=KeyTable({**backbone_names("params.base_model"), **_pyiqa_head_names(), **_content_names("params.")}),
    config={"resize": None, "score_scale": 100.0},
)
"""PyIQA's file: trained on images as they are and labels in 0..1."""
LAYOUTS = (OFFICIAL, PYIQA)
"""Both ways in which weights are published."""
