"""Other people's networks with the same weights, built from their own packages if those are installed."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import timm
import torch
from safetensors.torch import load_file

from acutance.models.ahiq.preprocess import AHIQViews, crop_positions

Network = Callable[..., torch.Tensor]


def hyperiqa(weights: Path) -> Network | None:
    """PyIQA's HyperIQA: a picture (1, 3, H, W) in, the mean of 25 crops out."""
    try:
        from pyiqa.archs import hypernet_arch
    except ImportError as error:
        print(f"PyIQA left out: {error}")
        return None
    with _without_download():
        return hypernet_arch.HyperNet(pretrained_model_path=str(weights)).eval()


def ahiq(folder: Path, weights: Path, crops: int) -> Network | None:
    """PyIQA's AHIQ, with the crops of our random protocol and the authors' normalisation."""
    try:
        from pyiqa.archs import ahiq_arch
    except ImportError:
        return None
    with _without_download():
        model = ahiq_arch.AHIQ(num_crop=crops, default_mean=[0.5] * 3, default_std=[0.5] * 3, pretrained=False)
    model.resnet50.load_state_dict(load_file(folder / weights.RESNET50.local_filename))
    model.vit.load_state_dict(load_file(folder / weights.VIT_B8.local_filename))
    heads = torch.load(weights, weights_only=True)
    model.deform_net.load_state_dict(heads["deform_net_model_state_dict"])
    model.regressor.load_state_dict(heads["regressor_model_state_dict"])
    views = AHIQViews(protocol="random", crops=crops)

    def same_crops(pictures: list[torch.Tensor], side: int, _: int) -> list[torch.Tensor]:
        places = crop_positions(views, *pictures[0].shape[2:], side)
        return [
            torch.cat([picture[:, :, top : top + side, left : left + side] for top, left in places])
            for picture in pictures
        ]

    ahiq_arch.uniform_crop = same_crops
    return model.eval()


def vtamiq(checkout: Path | None, weights: Path) -> Network | None:
    """The authors' VTAMIQ from a checkout of their repository."""
    if checkout is None:
        print("VTAMIQ's authors left out: pass --vtamiq CHECKOUT")
        return None
    sys.path.insert(0, str(checkout))
    from modules.vtamiq.vtamiq import VTAMIQ

    trunk = {
        "variant": "ViT-B16",
        "use_cls_token": True,
        "pretrained": False,
        "num_keep_layers": 6,
        "num_adapters": 0,
        "num_scales": 0,
        "num_extra_tokens": 8,
        "use_layer_scale": True,
        "path_drop_prob": 0.1,
    }
    model = VTAMIQ(vit_config=trunk, ca_reduction=16, predictor_dropout=0.1)
    model.load_state_dict(torch.load(weights, weights_only=False)["model_state_dict"])
    return model.eval()


@contextlib.contextmanager
def weights_folder(folder: Path) -> Iterator[None]:
    """Trunks are looked for there."""
    with patch.dict(os.environ, {"ACUTANCE_WEIGHTS": str(folder)}):
        yield


@contextlib.contextmanager
def _without_download() -> Iterator[None]:
    """PyIQA's constructors fetch trunks that its weights then overwrite."""
    create = timm.create_model
    with patch.object(timm, "create_model", lambda name, **chosen: create(name, **{**chosen, "pretrained": False})):
        yield
