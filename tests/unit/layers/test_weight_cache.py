"""A cache sees every change of a weight that PyTorch lets be seen, and takes no other tensor for it."""

import copy
import pickle
import re
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import acutance
from acutance.layers.cpu import WeightCache, detached


def weight() -> Tensor:
    return torch.arange(6.0).view(2, 3)


class Counting(WeightCache[int]):
    """Gives the number of times that something was made."""

    def __init__(self, *weights: Tensor) -> None:
        super().__init__()
        self.numbers = count(1)
        if weights:
            assert self.made(*weights) == 1

    def made(self, *weights: Tensor, key: object = None) -> int:
        return self.get(lambda: next(self.numbers), *weights, key=key)


def test_keeps_what_was_made_of_the_same_tensors() -> None:
    tensors = weight(), torch.nn.Parameter(weight())
    assert Counting(*tensors).made(*tensors) == 1


@pytest.mark.parametrize("grows", [False, True])
def test_another_number_of_tensors_is_a_change(*, grows: bool) -> None:
    tensor = weight()
    assert Counting(tensor).made(*([tensor, tensor] if grows else [])) == 2


def test_another_key_is_a_change() -> None:
    tensor = weight()
    cache = Counting(tensor)
    assert cache.made(tensor, key="bfloat16") == 2
    assert cache.made(tensor, key="bfloat16") == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor.mul_(2),
        lambda tensor: setattr(tensor, "data", tensor.data * 2),
        lambda tensor: setattr(tensor, "data", tensor.data.double()),
        lambda tensor: setattr(tensor, "data", tensor.data.view(3, 2)),
        lambda tensor: setattr(tensor, "data", tensor.data.as_strided((2, 3), (1, 2))),
    ],
    ids=["in place", "other values", "other type", "other shape", "other order"],
)
def test_sees_a_change(change: Callable[[Tensor], object]) -> None:
    tensor = weight()
    cache = Counting(tensor)
    change(tensor)
    assert cache.made(tensor) == 2


def test_sees_a_change_in_inference_mode() -> None:
    tensor = weight()
    cache = Counting(tensor)
    with torch.inference_mode():
        tensor.mul_(2)
    assert cache.made(tensor) == 2


def test_holds_the_memory_of_its_tensors_so_that_no_other_comes_to_lie_there() -> None:
    values = np.ones(6)
    alive, tensor = weakref.ref(values), torch.from_numpy(values)
    cache = Counting(tensor)
    del values
    tensor.data = tensor.data * 2
    assert alive() is not None
    assert cache.made(tensor) == 2
    assert alive() is None


def test_compares_inference_tensors_by_value() -> None:
    with torch.inference_mode():
        tensor = weight()
        cache = Counting(tensor)
        assert cache.made(tensor) == 1
        assert cache.made(tensor.double()) == 2
        assert cache.made(tensor) == 3
        tensor.mul_(2)
        assert cache.made(tensor) == 4


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda cache: pickle.loads(pickle.dumps(cache))])  # noqa: S301
def test_a_copy_is_empty(copied: Callable[[WeightCache[int]], WeightCache[int]]) -> None:
    tensor, cache = weight(), WeightCache[int]()
    assert cache.get(lambda: 1, tensor) == 1
    assert copied(cache).get(lambda: 2, tensor) == 2


def test_with_plain_kernels_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acutance.layers.cpu.PLAIN_KERNELS", True)
    tensor = weight()
    assert Counting(tensor).made(tensor) == 2


def test_what_is_made_can_meet_autograd_after_inference_mode() -> None:
    with torch.inference_mode():
        inference = weight()
        kept = WeightCache[list[Tensor]]().get(lambda: [detached(inference), inference * 2], inference)
    inputs = torch.ones(2, 3, requires_grad=True)
    (inputs * kept[0] * kept[1]).sum().backward()
    torch.testing.assert_close(inputs.grad, 2 * weight() ** 2)


def test_what_is_made_takes_no_derivative() -> None:
    leaf = torch.ones(3, requires_grad=True)
    assert not WeightCache[Tensor]().get(lambda: leaf * 2, leaf).requires_grad


def test_what_pytorch_keeps_to_itself_is_asked_for_in_one_file():
    package = Path(acutance.__file__).parent
    private = re.compile(r"torch\._[A-Z]|\._version\b|torch\.ops\.mkldnn|forward_ad\._")
    files = [path for path in package.rglob("*.py") if private.search(path.read_text(encoding="utf-8"))]
    assert [path.relative_to(package).as_posix() for path in files] == ["layers/cpu.py"]
