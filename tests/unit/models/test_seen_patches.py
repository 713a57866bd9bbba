"""Models name the very patches and crops that their networks get."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from acutance.errors import InputError
from acutance.layers.images import resize_like_pillow
from acutance.models.ahiq.model import AHIQ
from acutance.models.hyperiqa.preprocess import HyperIQAViews
from acutance.models.quality_model import LooksAtPatches, QualityModel
from acutance.models.vtamiq.weights import HEAD, HEAD_MULTISCALE, KADIS700K
from tests.contracts.test_ahiq import tiny as tiny_ahiq
from tests.contracts.test_vtamiq import tiny as tiny_vtamiq
from tests.fakes.tiny_hyperiqa import tiny_hyperiqa, tiny_ms_hyperiqa
from tests.raising import raises


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def fed(model: QualityModel, layer: nn.Module, *pictures: Tensor) -> list[Tensor]:
    """The first input of every call of a layer while the model scores."""
    inputs: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach().clone()))
    model(*(image.clone().requires_grad_() for image in pictures))  # a way through the backbones that calls layers
    hook.remove()
    return inputs


def boxes_of(model: LooksAtPatches, *pictures: Tensor) -> list[tuple[int, list[float]]]:
    """Scale, and top, left, height and width of each patch."""
    seen = model.seen_patches(*pictures)
    return list(zip(seen.scales.tolist(), seen.boxes.tolist(), strict=True))


def whole(box: list[float]) -> tuple[slice, slice]:
    top, left, height, width = map(int, box)
    assert [top, left, height, width] == box
    return slice(top, top + height), slice(left, left + width)


@pytest.mark.parametrize("protocol", ["cover", "grid", "context-aware"])
@pytest.mark.parametrize("config", [HEAD, HEAD_MULTISCALE, KADIS700K], ids=["one scale", "five scales", "2022"])
def test_vtamiq_names_the_patches_that_its_encoder_gets(config: Mapping[str, Any], protocol: str):
    model = tiny_vtamiq(config, protocol=protocol, patches=40, **({} if protocol == "cover" else {"repeats": 2}))
    distorted, reference = picture(97, 130), picture(97, 130, seed=1)
    got = torch.cat([sets[0] for sets in fed(model, model.encoder, distorted, reference)])
    named = boxes_of(model, distorted, reference)
    assert len(named) == len(got)
    for patch, (scale, box) in zip(got, named, strict=True):
        rows, columns = whole(box)
        content = functional.avg_pool2d(distorted[:, :, rows, columns], 2**scale)[0]
        torch.testing.assert_close(patch, 2 * content - 1, atol=1e-5, rtol=0)
    assert {scale for scale, _ in named} == ({0} if config is HEAD else {0, 1, 2} if config is KADIS700K else {0, 1})


def test_vtamiq_names_patches_of_enlarged_pictures_in_pixels_of_the_picture():
    model = tiny_vtamiq(HEAD)
    assert boxes_of(model, picture(8, 16)) == [(0, [0, 0, 8, 8]), (0, [0, 8, 8, 8])]


def test_vtamiq_in_context_needs_the_reference():
    with raises(InputError, "reference"):
        tiny_vtamiq(HEAD, protocol="context-aware").seen_patches(picture(32, 32))


@pytest.mark.parametrize("protocol", ["cover", "random", "five-point", "nine-point"])
def test_ahiq_names_the_crops_that_its_trunk_gets(protocol: Literal["cover", "random", "five-point", "nine-point"]):
    model = tiny_ahiq(protocol)
    distorted, reference = picture(50, 70), picture(50, 70, seed=1)
    got = torch.cat(fed(model, first_convolution(model), distorted, reference))
    named = [distorted[0, :, *whole(box)] for _, box in boxes_of(model, distorted, reference)]
    both = named + [reference[0, :, *whole(box)] for _, box in boxes_of(model, distorted, reference)]
    wanted = {crop_key(2 * crop - 1) for crop in both}
    assert {crop_key(crop) for crop in got} == wanted
    assert len(named) == {"cover": 6, "random": 3, "five-point": 5, "nine-point": 9}[protocol]


def test_ahiq_counts_a_position_as_often_as_it_is_drawn():
    """In an image of the size of a crop every random crop is the same one."""
    assert boxes_of(tiny_ahiq("random"), picture(32, 32)) == [(0, [0, 0, 32, 32])] * 3


@pytest.mark.parametrize("views", [{}, {"protocol": "random", "crops": 4, "seed": 3}, {"protocol": "pyiqa"}])
def test_hyperiqa_names_the_crops_that_its_network_gets(views: dict[str, Any]):
    model = tiny_hyperiqa(HyperIQAViews(**views))
    distorted = picture(240, 300)
    got = torch.cat(fed(model, model.network, distorted))
    named = boxes_of(model, distorted)
    assert len(named) == len(got)
    for crop, (_, box) in zip(got, named, strict=True):
        torch.testing.assert_close(crop, distorted[0, :, *whole(box)])


@pytest.mark.parametrize("build", [tiny_hyperiqa, tiny_ms_hyperiqa])
def test_crops_of_a_resized_picture_are_named_in_pixels_of_the_picture(build: Any):
    model = build(resize=(256, 320))
    distorted = picture(64, 160)
    got = torch.cat(fed(model, model.network, distorted))
    resized = resize_like_pillow(distorted, 256, 320)
    named = model.seen_patches(distorted).boxes
    np.testing.assert_allclose(named[:, 2:], [[56, 112]] * 4)
    for crop, box in zip(got, named * [4, 2, 4, 2], strict=True):
        torch.testing.assert_close(crop, resized[0, :, *whole(box.tolist())])


def crop_key(crop: Tensor) -> bytes:
    return (crop * 1000).round().to(torch.int16).numpy().tobytes()


def first_convolution(model: AHIQ) -> nn.Module:
    return next(layer for layer in model.network.resnet.modules() if isinstance(layer, nn.Conv2d))
