"""The merged layers give what the trained ones give."""

import copy

import pytest
import torch

from acutance.models.ahiq.model import AHIQ
from acutance.models.ahiq.network import AHIQNetwork, DeformableFusion, MergedHeads, Regressor
from tests.contracts.test_ahiq import TINY, tiny

CONFIGS = [TINY, TINY.model_copy(update={"side": 48, "reduced_width": 5, "token_width": 6})]


@pytest.fixture(params=CONFIGS, ids=["even", "odd"])
def size(request):
    return request.param


@pytest.fixture
def heads(size) -> tuple[DeformableFusion, Regressor]:
    torch.manual_seed(1)
    heads = DeformableFusion(size).double(), Regressor(size).double()
    torch.nn.init.normal_(heads[0].offset.weight)  # offsets of several pixels, out of the map as well
    return heads


@pytest.fixture
def inputs(size) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randn(2, size.token_channels, size.places, size.places, generator=generator, dtype=torch.float64)
    maps = torch.randn(2, size.cnn_channels, 2 * size.places, 2 * size.places, generator=generator, dtype=torch.float64)
    return tokens, maps


@torch.no_grad()
def test_offsets_are_those_of_the_enlarged_tokens(heads, inputs):
    ours, theirs = MergedHeads(*heads).offsets(inputs[0]), heads[0].offsets(inputs[0])
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert float(theirs.abs().max()) > 4


@torch.no_grad()
def test_a_picture_is_reduced_alike(heads, inputs):
    fusion, regressor = heads
    tokens, maps = inputs
    offsets = fusion.offsets(tokens)
    ours = MergedHeads(*heads).reduced(tokens, maps, offsets)
    torch.testing.assert_close(ours, regressor.reduced(tokens, fusion(maps, offsets)), rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_a_pair_is_rated_alike(heads, size):
    generator = torch.Generator().manual_seed(3)
    pair = torch.randn(2, 2, size.reduced_width, size.places, size.places, generator=generator, dtype=torch.float64)
    for ours, theirs in zip(MergedHeads(*heads).rated(*pair), heads[1](*pair), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_changed_weights_are_merged_anew():
    model, images = tiny(), torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before = model(images, images)
    raise_quality(model, 1.0)
    torch.testing.assert_close(model(images, images), before + 1)


@torch.no_grad()
def test_a_copy_keeps_to_its_own_weights():
    model, images = tiny(), torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before = model(images, images)
    twin = copy.deepcopy(model)
    raise_quality(model, 1.0)
    assert torch.equal(twin(images, images), before)


def raise_quality(model: AHIQ, step: float) -> None:
    bias = model.network.regressor.quality.bias
    assert bias is not None
    bias.add_(step)


def test_merged_weights_are_no_part_of_the_state():
    model, images = tiny(), torch.rand(1, 3, 32, 32)
    names = set(model.state_dict())
    model(images, images)
    assert set(model.state_dict()) == names


def test_merged_layers_made_in_inference_mode_are_no_inference_tensors():
    with torch.inference_mode():
        merged = AHIQNetwork(TINY)._merge()
    layers = (
        merged.offset_taps,
        merged.deform_taps,
        merged.reduce_tokens,
        merged.reduce_cnn,
        merged.widen,
        merged.rate,
    )
    assert not any(parameter.is_inference() for layer in layers for parameter in layer.parameters())


@torch.no_grad()
def test_merged_heads_see_every_new_tensor_put_in_place_of_a_parameter():
    network = AHIQNetwork(TINY)
    widen = network.regressor.widen.weight
    for _ in range(5):
        merged = network._merge()
        assert network._merge() is merged
        widen.data = widen.data * 2
        widen.data = widen.data * 2
        assert network._merge() is not merged
