"""The vision transformer, read block by block."""

import pytest
import torch

from acutance.layers.cpu import CentredLinear
from acutance.layers.vit import VisionTransformer


@pytest.fixture
def encoder() -> VisionTransformer:
    torch.manual_seed(0)
    encoder = VisionTransformer(3, img_size=32, embed_dim=48, num_heads=3)
    return encoder.requires_grad_(requires_grad=False).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return 2 * torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) - 1


def test_every_block_gives_the_tokens_of_the_picture_without_the_class_token(encoder, images):
    assert [tuple(tokens.shape) for tokens in encoder.blocks(images)] == [(2, 16, 48)] * 3


def test_only_the_blocks_asked_for_are_built(encoder):
    assert len(encoder.trunk.blocks) == 3
    assert not any(name.startswith(("norm.", "head")) for name in encoder.state_dict())


def test_blocks_give_what_timm_gives(encoder, images):
    theirs = encoder.trunk.forward_intermediates(images, norm=False, output_fmt="NLC", intermediates_only=True)
    for ours, tokens in zip(encoder.blocks(images), theirs, strict=True):
        torch.testing.assert_close(ours, tokens, rtol=1e-5, atol=1e-5)


def test_the_fast_way_gives_what_the_differentiable_one_gives(encoder, images):
    slow = list(encoder.blocks(images.clone().requires_grad_()))
    for ours, theirs in zip(encoder.blocks(images), slow, strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-5)


def test_long_pictures_pass_the_hidden_layer_in_parts(encoder, images, monkeypatch):
    whole = list(encoder.blocks(images))[-1]
    monkeypatch.setattr("acutance.layers.cpu.MLP_ROWS", 3)
    torch.testing.assert_close(list(encoder.blocks(images))[-1], whole)


def test_tokens_given_out_are_not_changed_afterwards(encoder, images):
    kept = [(tokens, tokens.clone()) for tokens in encoder.blocks(images)]
    assert all(torch.equal(tokens, copy) for tokens, copy in kept)


def test_bfloat16_takes_every_product_of_the_blocks(encoder):
    encoder.use_bfloat16_products()
    for block in encoder.trunk.blocks:
        layers = (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2)
        assert all(isinstance(layer, CentredLinear) for layer in layers)


def test_bfloat16_stays_near(encoder, images):
    exact = list(encoder.blocks(images))[-1]
    encoder.use_bfloat16_products()
    rounded = list(encoder.blocks(images))[-1]
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.02, atol=0.02)


def test_gradients_reach_the_picture(encoder, images):
    inputs = images.clone().requires_grad_()
    list(encoder.blocks(inputs))[-1].square().sum().backward()
    assert inputs.grad is not None
    assert bool((inputs.grad != 0).any())
