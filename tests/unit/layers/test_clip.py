"""CLIP's image tower, read block by block."""

import contextlib
import warnings

import pytest
import torch
from torch.autograd import forward_ad

from acutance.layers import clip
from acutance.layers.clip import FLOAT32_BLOCKS, ClipImageEncoder
from acutance.layers.cpu import CentredLinear
from acutance.models.afine import weights as published


@pytest.fixture
def encoder() -> ClipImageEncoder:
    torch.manual_seed(0)
    return ClipImageEncoder(embed_dim=48, depth=6, num_heads=3).requires_grad_(requires_grad=False).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def test_every_block_gives_the_tokens_of_the_picture_without_the_class_token(encoder, images):
    assert [tuple(tokens.shape) for tokens in encoder.blocks(images)] == [(2, 6, 48)] * 6


def test_the_fast_way_gives_what_timm_gives(encoder, images):
    fast = list(encoder.blocks(images))
    slow = list(encoder.blocks(images.clone().requires_grad_()))
    for ours, theirs in zip(fast, slow, strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-5)


def test_tokens_given_out_are_not_changed_afterwards(encoder, images):
    kept = [(tokens, tokens.clone()) for tokens in encoder.blocks(images)]
    assert all(torch.equal(tokens, copy) for tokens, copy in kept)


def test_pictures_in_another_memory_order_give_the_same_tokens(encoder, images):
    last = [list(encoder.blocks(batch))[-1] for batch in (images, images.to(memory_format=torch.channels_last))]
    torch.testing.assert_close(*last)


def test_long_pictures_pass_the_hidden_layer_in_parts(encoder, images, monkeypatch):
    whole = list(encoder.blocks(images))[-1]
    monkeypatch.setattr("acutance.layers.cpu.MLP_ROWS", 3)
    torch.testing.assert_close(list(encoder.blocks(images))[-1], whole)


def test_positions_stay_as_they_are_at_the_trained_length(encoder):
    assert torch.equal(encoder.positions(50), encoder.trunk.pos_embed)


@pytest.mark.parametrize("length", [2, 26, 65, 257])
def test_positions_are_stretched_by_cubic_convolution_along_one_dimension(encoder, length):
    torch.nn.init.normal_(encoder.trunk.pos_embed)
    table = encoder.trunk.pos_embed[0].double()
    expected = torch.stack([stretched_row(table, index, length) for index in range(length)])
    torch.testing.assert_close(encoder.positions(length)[0].double(), expected, rtol=0, atol=3e-5)


def test_bfloat16_keeps_names_shapes_and_types_of_the_weights(encoder):
    before = {name: (tensor.shape, tensor.dtype) for name, tensor in encoder.state_dict().items()}
    encoder.use_bfloat16_products()
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in encoder.state_dict().items()} == before


def test_bfloat16_spares_the_first_blocks(encoder):
    encoder.use_bfloat16_products()
    rounded = [isinstance(block.mlp.fc1, CentredLinear) for block in encoder.trunk.blocks]
    assert rounded == [index >= FLOAT32_BLOCKS for index in range(6)]


def test_bfloat16_lets_gradients_through(encoder, images):
    encoder.use_bfloat16_products()
    inputs = images.clone().requires_grad_()
    list(encoder.blocks(inputs))[-1].square().sum().backward()
    assert inputs.grad is not None
    assert bool((inputs.grad != 0).any())


def stretched_row(table: torch.Tensor, index: int, length: int) -> torch.Tensor:
    """Row ``index`` of the table at another length, by the formula of the paper's code (a = -0.75)."""
    place = (index + 0.5) * len(table) / length - 0.5
    base = int(torch.tensor(place).floor())
    taps = [(cubic(place - base - step), min(max(base + step, 0), len(table) - 1)) for step in (-1, 0, 1, 2)]
    return torch.stack([weight * table[row] for weight, row in taps]).sum(0)


def cubic(distance: float, a: float = -0.75) -> float:
    z = abs(distance)
    if z <= 1:
        return (a + 2) * z**3 - (a + 3) * z**2 + 1
    return a * z**3 - 5 * a * z**2 + 8 * a * z - 4 * a if z < 2 else 0.0


def test_the_constants_are_those_that_checkpoints_are_checked_against():
    assert (clip.CLIP_MEAN, clip.CLIP_STD) == (published.CLIP_MEAN, published.CLIP_STD)


def test_forward_derivatives_are_refused_or_right_but_never_wrong(encoder, images):
    def last(batch):
        return list(encoder.blocks(batch))[-1]

    with contextlib.suppress(NotImplementedError), warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")  # PyTorch loads its own deprecated helpers
        output = last(forward_ad.make_dual(images, torch.ones_like(images)))
        forward = forward_ad.unpack_dual(output).tangent
        numeric = (last(images + 1e-3) - last(images - 1e-3)) / 2e-3
        torch.testing.assert_close(forward, numeric, rtol=0.05, atol=0.01)
