"""A convolution and what follows it, in one step, is what PyTorch's own layers give one after the other."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from acutance.layers import cpu
from acutance.layers.cpu import fast_convolution

LAYERS = {
    "1x1": lambda: nn.Conv2d(6, 8, 1, bias=False),
    "3x3": lambda: nn.Conv2d(6, 8, 3, padding=1),
    "stride": lambda: nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False),
    "dilation": lambda: nn.Conv2d(6, 8, 3, padding=2, dilation=2),
    "groups": lambda: nn.Conv2d(6, 8, 3, groups=2),
    "reflected": lambda: nn.Conv2d(6, 8, 3, padding=1, padding_mode="reflect"),
    "same": lambda: nn.Conv2d(6, 8, 3, padding="same"),
}


def seeded(name: str) -> nn.Conv2d:
    torch.manual_seed(0)
    return LAYERS[name]()


def used_norm() -> nn.BatchNorm2d:
    """A batch norm that has seen something, in evaluation mode."""
    norm = nn.BatchNorm2d(8)
    generator = torch.Generator().manual_seed(1)
    for values, low in ((norm.weight, 0.5), (norm.bias, -0.5), (norm.running_mean, -0.5), (norm.running_var, 0.5)):
        assert values is not None
        values.data.uniform_(low, low + 1, generator=generator)
    return norm.eval()


def picture() -> Tensor:
    return torch.randn(2, 6, 9, 11, generator=torch.Generator().manual_seed(2))


def one_after_the_other(inputs: Tensor, layer: nn.Conv2d, norm: nn.BatchNorm2d, add: Tensor | None) -> Tensor:
    output: Tensor = norm(layer(inputs))
    return torch.relu(output if add is None else output + add)


@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_gives_what_the_layers_give(name: str, *, adds: bool) -> None:
    layer, norm = seeded(name), used_norm()
    with torch.no_grad():
        add = torch.randn_like(layer(picture())) if adds else None
        ours = fast_convolution(picture(), layer, norm=norm, add=add, relu=True)
        torch.testing.assert_close(ours, one_after_the_other(picture(), layer, norm, add), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_a_bare_convolution_is_the_layer(name: str) -> None:
    layer = seeded(name)
    with torch.no_grad():
        torch.testing.assert_close(fast_convolution(picture(), layer), layer(picture()), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_bfloat16_inputs_give_nearly_the_same_in_bfloat16(name: str) -> None:
    layer, norm = seeded(name), used_norm()
    with torch.no_grad():
        ours = fast_convolution(picture().bfloat16(), layer, norm=norm, relu=True)
        exact = one_after_the_other(picture(), layer, norm, None)
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), exact, rtol=0.02, atol=0.03)


def test_float64_is_as_exact_as_the_layers() -> None:
    layer, norm = seeded("3x3").double(), used_norm().double()
    with torch.no_grad():
        ours = fast_convolution(picture().double(), layer, norm=norm, relu=True)
        exact = one_after_the_other(picture().double(), layer, norm, None)
    torch.testing.assert_close(ours, exact, rtol=1e-12, atol=1e-12)


def test_gradients_are_those_of_the_layers() -> None:
    layer, norm = seeded("3x3"), used_norm()
    gradients = []
    for give in (
        lambda x: fast_convolution(x, layer, norm=norm, relu=True),
        lambda x: one_after_the_other(x, layer, norm, None),
    ):
        inputs = picture().requires_grad_()
        wanted = [inputs, *layer.parameters(), *norm.parameters()]
        gradients.append(torch.autograd.grad(give(inputs).square().sum(), wanted))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_norm_in_train_mode_learns_its_statistics() -> None:
    layer, norm = seeded("3x3"), used_norm().train()
    twin = copy.deepcopy(norm)
    with torch.no_grad():
        ours = fast_convolution(picture(), layer, norm=norm)
        torch.testing.assert_close(ours, twin(layer(picture())))
    assert norm.running_mean is not None
    assert twin.running_mean is not None
    torch.testing.assert_close(norm.running_mean, twin.running_mean)
    assert int(norm.num_batches_tracked or 0) == 1


def test_a_norm_without_statistics_takes_those_of_the_batch() -> None:
    layer, norm = seeded("3x3"), nn.BatchNorm2d(8, track_running_stats=False).eval()
    with torch.no_grad():
        torch.testing.assert_close(fast_convolution(picture(), layer, norm=norm), norm(layer(picture())))


def test_a_norm_without_weights_is_folded_too() -> None:
    layer, norm = seeded("3x3"), nn.BatchNorm2d(8, affine=False).eval()
    with torch.no_grad():
        ours = fast_convolution(picture(), layer, norm=norm)
        torch.testing.assert_close(ours, norm(layer(picture())), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["weight", "bias", "norm weight", "norm bias", "running_mean", "running_var"])
def test_sees_that_a_parameter_has_changed(name: str) -> None:
    layer, norm = seeded("3x3"), used_norm()
    owner: nn.Module = norm if name.startswith(("norm", "running")) else layer
    with torch.no_grad():
        before = fast_convolution(picture(), layer, norm=norm)
        getattr(owner, name.removeprefix("norm ")).mul_(2)
        after = fast_convolution(picture(), layer, norm=norm)
        torch.testing.assert_close(after, norm(layer(picture())), rtol=1e-5, atol=1e-5)
    assert not torch.equal(before, after)


def test_sees_that_the_layers_moved_to_another_type() -> None:
    layer, norm = seeded("3x3"), used_norm()
    with torch.no_grad():
        fast_convolution(picture(), layer, norm=norm)
        layer.double(), norm.double()
        ours = fast_convolution(picture().double(), layer, norm=norm)
        torch.testing.assert_close(ours, norm(layer(picture().double())), rtol=1e-12, atol=1e-12)


def test_keeps_what_it_folded_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[nn.Conv2d] = []
    fold = cpu._fold

    def counting(layer: nn.Conv2d, *rest: Any, **named: Any) -> Any:
        made.append(layer)
        return fold(layer, *rest, **named)

    monkeypatch.setattr(cpu, "_fold", counting)
    layer, norm = seeded("3x3"), used_norm()
    with torch.no_grad():
        for _ in range(3):
            fast_convolution(picture(), layer, norm=norm)
        assert made == [layer]
        fast_convolution(picture().bfloat16(), layer, norm=norm)
    assert made == [layer, layer]


def test_forgets_a_layer_that_is_gone() -> None:
    layer = seeded("3x3")
    with torch.no_grad():
        fast_convolution(picture(), layer)
    before = len(cpu._FOLDED)
    del layer
    assert len(cpu._FOLDED) == before - 1


def test_leaves_its_inputs_alone() -> None:
    layer = seeded("3x3")
    inputs, add = picture(), torch.randn(2, 8, 9, 11)
    before = inputs.clone(), add.clone()
    with torch.no_grad():
        fast_convolution(inputs, layer, add=add, relu=True)
    assert torch.equal(inputs, before[0])
    assert torch.equal(add, before[1])


def test_other_sizes_than_the_first_give_the_same() -> None:
    layer = seeded("3x3")
    wide = torch.randn(5, 6, 40, 44)
    with torch.no_grad():
        fast_convolution(picture(), layer)
        torch.testing.assert_close(fast_convolution(wide, layer), layer(wide), rtol=1e-5, atol=1e-5)


def test_without_onednn_it_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, norm = seeded("3x3"), used_norm()
    add = torch.randn(2, 8, 9, 11)
    with torch.no_grad():
        fast = fast_convolution(picture(), layer, norm=norm, add=add, relu=True)
        monkeypatch.setattr(cpu, "_onednn_dtypes", tuple)
        torch.testing.assert_close(fast_convolution(picture(), layer, norm=norm, add=add, relu=True), fast)


def test_inference_tensors_are_taken_as_they_are() -> None:
    with torch.inference_mode():
        layer = seeded("3x3")
        torch.testing.assert_close(fast_convolution(picture(), layer), layer(picture()), rtol=1e-5, atol=1e-5)


def test_sees_every_new_tensor_put_in_place_of_a_parameter() -> None:
    layer, norm = seeded("3x3"), used_norm()
    with torch.no_grad():
        fast_convolution(picture(), layer, norm=norm)
        for _ in range(5):
            layer.weight.data = layer.weight.data * 1.5
            ours = fast_convolution(picture(), layer, norm=norm)
            torch.testing.assert_close(ours, norm(layer(picture())), rtol=1e-5, atol=1e-5)


def test_sees_the_weights_of_functional_calls() -> None:
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = seeded("3x3")

        def forward(self, inputs: Tensor) -> Tensor:
            return fast_convolution(inputs, self.layer)

    module = Folded()
    with torch.no_grad():
        weight, bias = module.layer.weight, module.layer.bias
        for scale in (1.0, 1.3, 0.7, 1.1):
            ours = torch.func.functional_call(module, {"layer.weight": weight * scale}, (picture(),))
            expected = nn.functional.conv2d(picture(), weight * scale, bias, padding=1)
            torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("inference", [False, True])
def test_sees_what_a_norm_has_learned_in_train_mode(*, inference: bool) -> None:
    layer, norm = seeded("3x3"), used_norm()
    with torch.no_grad():
        before = fast_convolution(picture(), layer, norm=norm)
    with torch.inference_mode(inference), torch.no_grad():
        fast_convolution(picture(), layer, norm=norm.train())
    with torch.no_grad():
        after = fast_convolution(picture(), layer, norm=norm.eval())
        torch.testing.assert_close(after, norm(layer(picture())), rtol=1e-5, atol=1e-5)
    assert not torch.allclose(before, after)


@pytest.mark.parametrize("name", ["3x3", "reflected"])
def test_what_was_folded_in_inference_mode_can_meet_autograd_later(name: str) -> None:
    with torch.inference_mode():
        layer = seeded(name).requires_grad_(requires_grad=False)
        fast_convolution(picture(), layer)
    kept = cpu._FOLDED[layer]._kept
    assert kept is not None
    assert not any(tensor.is_inference() for tensor in kept[2] if tensor is not None)
