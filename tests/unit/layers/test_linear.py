"""Linear layers: fast ones, and rounded ones without the bias of rounding."""

import pytest
import torch

from acutance.layers.cpu import CentredLinear, fast_linear


@pytest.fixture
def layer() -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(64, 32).requires_grad_(requires_grad=False)


@pytest.fixture
def rows() -> torch.Tensor:
    return 3 + torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_product_is_what_the_layer_gives(layer, rows, dtype):
    layer, rows = layer.to(dtype), rows.to(dtype)
    torch.testing.assert_close(fast_linear(rows, layer), layer(rows))


def test_a_convolution_over_its_own_windows_is_a_product(rows):
    convolution = torch.nn.Conv2d(1, 5, 8, stride=8, bias=False).requires_grad_(requires_grad=False)
    expected = convolution(rows.reshape(-1, 1, 8, 8)).reshape(2, 50, 5)
    torch.testing.assert_close(fast_linear(rows, convolution), expected)


def test_gradients_reach_inputs_and_weights(layer, rows):
    layer.requires_grad_()
    fast_linear(rows.requires_grad_(), layer).sum().backward()
    assert rows.grad is not None
    assert layer.weight.grad is not None


def test_the_mean_of_rounded_rows_is_nearer_than_a_plain_product_in_bfloat16(layer, rows):
    exact = layer(rows).mean(1)
    centred = CentredLinear(layer)(rows).mean(1)
    plain = torch.nn.functional.linear(rows.bfloat16(), layer.weight.bfloat16(), layer.bias.bfloat16()).float().mean(1)
    assert (centred - exact).abs().max() < 0.1 * (plain - exact).abs().max()


def test_rows_that_are_all_alike_are_not_rounded_at_all(layer):
    rows = torch.randn(1, 1, 64).expand(1, 7, 64)
    torch.testing.assert_close(CentredLinear(layer)(rows), layer(rows), rtol=1e-5, atol=1e-5)


def test_a_rounded_layer_shares_its_weights(layer):
    assert CentredLinear(layer).weight is layer.weight


def test_a_rounded_layer_follows_its_weights(layer, rows):
    centred = CentredLinear(layer)
    centred(rows)
    layer.weight.mul_(2)
    torch.testing.assert_close(centred(rows), layer(rows), rtol=0.02, atol=0.05)


def test_a_rounded_layer_sees_every_new_tensor_put_in_place_of_its_weights(layer, rows):
    centred = CentredLinear(layer)
    for _ in range(5):
        centred(rows)
        layer.weight.data = layer.weight.data * 1.5
        torch.testing.assert_close(centred(rows), layer(rows), rtol=0.02, atol=0.05)


def test_a_rounded_layer_used_in_inference_mode_gives_gradients_later(layer, rows):
    centred = CentredLinear(layer)
    with torch.inference_mode():
        centred(rows)
    used, new = (
        torch.autograd.grad(each(x).square().sum(), x)[0]
        for each in (centred, CentredLinear(layer))
        for x in [rows.clone().requires_grad_()]
    )
    assert torch.equal(used, new)


def test_a_rounded_layer_can_be_made_double(layer, rows):
    assert CentredLinear(layer).double()(rows.double()).dtype == torch.float64


def test_a_rounded_layer_gives_its_weights_their_gradient(layer, rows):
    layer.requires_grad_()
    layer(rows).square().sum().backward()
    exact = layer.weight.grad.clone()
    layer.weight.grad = None
    CentredLinear(layer)(rows).square().sum().backward()
    torch.testing.assert_close(layer.weight.grad, exact, rtol=0.05, atol=0.02 * float(exact.abs().max()))
