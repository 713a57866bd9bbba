"""HyperIQA and MS-HyperIQA with a backbone of four small bottlenecks and random weights, for tests of wiring."""

from typing import Any

import torch

from acutance.models.hyperiqa.model import HyperIQA
from acutance.models.hyperiqa.preprocess import HyperIQAViews
from acutance.models.hyperiqa.weights import HyperIQAConfig
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews
from acutance.models.ms_hyperiqa.weights import MSHyperIQAConfig

TINY: dict[str, Any] = {"trunk_blocks": (1, 1, 1, 1), "trunk_channels": (4, 8, 12, 16), "resize": None}


def tiny_hyperiqa(views: HyperIQAViews | None = None, **config: Any) -> HyperIQA:
    torch.manual_seed(0)
    return HyperIQA(HyperIQAConfig(**{**TINY, **config}), views).eval()


def tiny_ms_hyperiqa(views: MSHyperIQAViews | None = None, **config: Any) -> MSHyperIQA:
    torch.manual_seed(0)
    return MSHyperIQA(MSHyperIQAConfig(**{**TINY, **config}), views).eval()
