"""The published HyperIQA weights: where they are, what their names mean (Su et al., CVPR 2020).

This file imports no torch: the catalogue reads it to list models.
"""

import math

from acutance.layers.imagenet import resnet50_names
from acutance.types import ScoreInfo
from acutance.weights.key_table import COUNTER, KeyTable
from acutance.weights.record import STATE_DICTS, CheckpointRecord, Layout

OFFICIAL_RESIZE = (512, 384)
"""Height and width that the authors' KonIQ-10k pictures were brought to: ``Resize((512, 384))`` of torchvision."""

PAPER = (
    "Su, Yan, Zhu, Zhang, Ge, Sun, Zhang: Blindly Assess Image Quality in the Wild Guided by a Self-Adaptive "
    "Hyper Network, CVPR 2020"
)
"""What to cite."""

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
        "whose pictures are from Flickr; commercial use: unknown, ask the authors first."
    ),
    paper=PAPER,
    note="Trained on pictures squeezed to height 512 and width 384, which is done here too.",
)
"""The authors' own weights, trained on KonIQ-10k."""

HYPERIQA_PYIQA = CheckpointRecord(
    name="hyperiqa.pyiqa",
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
    is_trunk=True,
    note="Trainings of HyperIQA and MS-HyperIQA start from it; scoring needs it never.",
)
"""What the authors' trainings start from: the numbers of torchvision's ``resnet50-19c8e357.pth``."""
STARTS = (RESNET50_TV,)
"""Files that trainings of HyperIQA and MS-HyperIQA may start from."""

HYPERIQA_SCORE = ScoreInfo(better="higher", low=-math.inf, high=math.inf, usual=(0.0, 100.0))
"""Mean opinion scores of KonIQ-10k lie in 0..100."""

BACKBONE = "network.backbone.trunk"
"""Where the trunk is in our model."""


def trunk_names(foreign: str) -> dict[str, str | None]:
    """Names of a ResNet-50 below a foreign prefix; the numbers of batches it has seen are dropped."""
    return {f"{foreign}.{name}": None if name.endswith(COUNTER) else f"{BACKBONE}.{name}" for name in resnet50_names()}


def layer_names(foreign: str, own: str) -> dict[str, str | None]:
    """Names of weight and bias of one layer."""
    return {f"{foreign}.weight": f"{own}.weight", f"{foreign}.bias": f"{own}.bias"}


def official_head_names() -> dict[str, str | None]:
    """Names of the authors' layers that read the trunk, apart from those that make the content map."""
    names: dict[str, str | None] = {}
    for index in range(4):
        if index < 3:
            names[f"res.lda{index + 1}_pool.0.weight"] = f"network.distortions.{index}.reduce.weight"
        names |= layer_names(f"res.lda{index + 1}_fc", f"network.distortions.{index}.project")
        names |= layer_names(f"fc{index + 1}w_conv", f"network.generator.weights.{index}")
    names |= layer_names("fc5w_fc", "network.generator.last_weight")
    for index in range(5):
        names |= layer_names(f"fc{index + 1}b_fc", f"network.generator.biases.{index}")
    return names


def _content_names(prefix: str) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for own, foreign in enumerate((0, 2, 4)):
        names |= layer_names(f"{prefix}conv1.{foreign}", f"network.content.reductions.{own}")
    return names


def _pyiqa_head_names() -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for index in range(4):
        distortion = f"network.distortions.{index}"
        if index < 3:
            names[f"params.lda_modules.{index}.0.weight"] = f"{distortion}.reduce.weight"
        project = 3 if index < 3 else 2
        names |= layer_names(f"params.lda_modules.{index}.{project}", f"{distortion}.project")
        names |= layer_names(f"params.fc_w_modules.{index}", f"network.generator.weights.{index}")
    names |= layer_names("params.fc_w_modules.4.2", "network.generator.last_weight")
    for index in range(5):
        names |= layer_names(f"params.fc_b_modules.{index}.2", f"network.generator.biases.{index}")
    return names


OFFICIAL = Layout(
    name="official",
    keys=KeyTable({**trunk_names("res"), **official_head_names(), **_content_names("")}),
    wrappers=STATE_DICTS,
)
"""A state dict of the authors' hyper network, bare or beside what a training of one's own wrote down."""
PYIQA = Layout(
    name="pyiqa",
    keys=KeyTable({**trunk_names("params.base_model"), **_pyiqa_head_names(), **_content_names("params.")}),
    config={"resize": None, "score_scale": 100.0},
)
"""PyIQA's file: trained on pictures as they are and labels in 0..1."""
LAYOUTS = (OFFICIAL, PYIQA)
"""Both ways in which weights are published."""
