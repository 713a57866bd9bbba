"""The backbone gives what timm's modules give, block by block, and builds and runs no more than is asked for."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from acutance.layers import cpu
from acutance.layers.resnet import ResNet50

TINY: dict[str, Any] = {"layers": (2, 1, 1, 1), "channels": (4, 8, 12, 16)}


def tiny(stages: int = 4) -> ResNet50:
    """A backbone whose batch norms have seen something."""
    torch.manual_seed(0)
    backbone = ResNet50(stages, **TINY)
    with torch.no_grad():
        for _ in range(3):
            list(backbone.bottlenecks(pictures()))
    return backbone.eval()


def pictures() -> Tensor:
    return torch.randn(2, 3, 70, 64, generator=torch.Generator().manual_seed(1))


def timm_outputs(resnet: ResNet50, images: Tensor) -> list[Tensor]:
    backbone = resnet.trunk
    features = backbone.maxpool(backbone.act1(backbone.bn1(backbone.conv1(images))))
    outputs = []
    for index in range(len(resnet.depths)):
        for block in getattr(backbone, f"layer{index + 1}"):
            features = block(features)
            outputs.append(features)
    return outputs


def test_every_bottleneck_gives_what_timm_gives() -> None:
    resnet = tiny()
    with torch.no_grad():
        ours, theirs = list(resnet.bottlenecks(pictures())), timm_outputs(resnet, pictures())
    assert len(ours) == sum(resnet.depths) == 5
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=1e-4, atol=1e-4)


def test_the_whole_is_timms_whole() -> None:
    resnet = tiny()
    with torch.no_grad():
        *_, last = resnet.bottlenecks(pictures())
        torch.testing.assert_close(last, resnet.trunk.forward_features(pictures()), rtol=1e-4, atol=1e-4)


def test_a_stage_gives_what_its_last_bottleneck_gives() -> None:
    resnet = tiny()
    with torch.no_grad():
        blocks, stages = list(resnet.bottlenecks(pictures())), list(resnet.stages(pictures()))
    assert [stage.shape[1] for stage in stages] == list(resnet.channels) == [16, 32, 48, 64]
    for stage, block in zip(stages, [blocks[1], *blocks[2:]], strict=True):
        assert torch.equal(stage, block)


def test_the_default_is_resnet_50() -> None:
    with torch.device("meta"):
        resnet = ResNet50()
    assert sum(parameter.numel() for parameter in resnet.parameters()) == 23_508_032  # torchvision without classifier
    assert resnet.depths == (3, 4, 6, 3)
    assert resnet.channels == (256, 512, 1024, 2048)


def test_only_the_stages_asked_for_are_built() -> None:
    with torch.device("meta"):
        resnet = ResNet50(stages=1)
    assert sum(parameter.numel() for parameter in resnet.parameters()) == 225_344  # torchvision's stem and layer1
    assert not any("layer2" in name for name in resnet.state_dict())
    assert resnet.channels == (256,)


def test_blocks_that_nobody_asks_for_are_not_run() -> None:
    resnet = tiny()
    resnet.trunk.layer2[0].conv1 = nn.Conv2d(1, 1, 1)  # fails on any input
    with torch.no_grad():
        blocks = resnet.bottlenecks(pictures())
        assert next(blocks).shape == next(blocks).shape == (2, 16, 18, 16)
        with pytest.raises(RuntimeError):
            next(blocks)


def test_new_weights_are_drawn_as_published() -> None:
    torch.manual_seed(0)
    resnet = ResNet50(stages=2)
    weight = resnet.trunk.layer2[1].conv2.weight
    assert weight.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.01)
    norms = [module for module in resnet.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all(bool((norm.weight == 1).all()) and bool((norm.bias == 0).all()) for norm in norms)


def test_what_needs_a_gradient_is_the_same() -> None:
    resnet = tiny()
    images = pictures().requires_grad_()
    *_, last = resnet.stages(images)
    last.sum().backward()
    with torch.no_grad():
        *_, fast = resnet.stages(pictures())
    torch.testing.assert_close(last.detach(), fast, rtol=1e-4, atol=1e-4)
    gradients = [images.grad, *(parameter.grad for parameter in resnet.parameters())]
    assert all(gradient is not None and bool(torch.isfinite(gradient).all()) for gradient in gradients)


def test_train_mode_takes_and_learns_the_statistics_of_the_batch() -> None:
    resnet = tiny().train()
    twin = copy.deepcopy(resnet)
    with torch.no_grad():
        ours, theirs = list(resnet.bottlenecks(pictures())), timm_outputs(twin, pictures())
    torch.testing.assert_close(ours[-1], theirs[-1])
    torch.testing.assert_close(resnet.trunk.bn1.running_mean, twin.trunk.bn1.running_mean)
    assert int(resnet.trunk.bn1.num_batches_tracked) == 4


def test_statistics_learned_after_a_score_count_in_the_next() -> None:
    resnet = tiny().requires_grad_(requires_grad=False)  # as a loaded model has it
    with torch.inference_mode():
        *_, before = resnet.stages(pictures())
        list(resnet.train().stages(3 * pictures()))
        *_, after = resnet.eval().stages(pictures())
        expected = resnet.trunk.forward_features(pictures())
    torch.testing.assert_close(after, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, after, rtol=1e-2)


def test_bfloat16_comes_near_and_gives_back_float32() -> None:
    resnet = tiny()
    with torch.no_grad():
        *_, exact = resnet.stages(pictures())
        resnet.use_bfloat16_products()
        *_, rounded = resnet.stages(pictures())
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, exact) == (resnet.computes_in("bfloat16", "cpu") == "float32")
    assert (rounded - exact).norm().item() < 0.03 * exact.norm().item()


def test_the_first_bottlenecks_can_stay_float32() -> None:
    resnet = tiny()
    with torch.no_grad():
        exact = list(resnet.bottlenecks(pictures()))
        resnet.use_bfloat16_products(float32_blocks=3)
        rounded = list(resnet.bottlenecks(pictures()))
    same = [torch.equal(one, other) for one, other in zip(exact, rounded, strict=True)]
    without = resnet.computes_in("bfloat16", "cpu") == "float32"  # a processor without instructions for it
    assert same == [True, True, True, without, without]


def test_a_cpu_without_bfloat16_goes_on_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    resnet = tiny()
    monkeypatch.setattr(cpu, "_onednn_dtypes", lambda: (torch.float32,))
    with torch.no_grad():
        exact = list(resnet.stages(pictures()))
        resnet.use_bfloat16_products()
        assert all(torch.equal(one, other) for one, other in zip(exact, resnet.stages(pictures()), strict=True))
    assert [resnet.computes_in("bfloat16", device) for device in ("cpu", "cuda")] == ["float32", "bfloat16"]
    assert resnet.computes_in("float64", "cpu") == "float64"


def test_bfloat16_is_for_scores_not_for_derivatives() -> None:
    resnet = tiny()
    *_, before = resnet.stages(pictures())
    resnet.use_bfloat16_products()
    *_, after = resnet.stages(pictures())
    assert torch.equal(before, after)


def test_leaves_the_pictures_and_earlier_outputs_alone() -> None:
    resnet, images = tiny(), pictures()
    with torch.no_grad():
        kept = [(features, features.clone()) for features in resnet.bottlenecks(images)]
    assert torch.equal(images, pictures())
    assert all(torch.equal(features, before) for features, before in kept)
