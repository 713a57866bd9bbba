"""A mark sees every change that PyTorch lets be seen, and takes no other tensor for the one it was made of."""

import copy
import pickle
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from acutance.layers.cpu import Mark, lasting, plain


def weight() -> Tensor:
    return torch.arange(6.0).view(2, 3)


def test_fits_the_tensors_it_was_made_of() -> None:
    tensors = weight(), torch.nn.Parameter(weight())
    assert Mark(*tensors).fits(*tensors)


@pytest.mark.parametrize("grows", [False, True])
def test_fits_no_other_number_of_tensors(*, grows: bool) -> None:
    tensor = weight()
    assert not Mark(tensor).fits(*([tensor, tensor] if grows else []))


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
    mark = Mark(tensor)
    change(tensor)
    assert not mark.fits(tensor)


def test_sees_a_change_in_inference_mode() -> None:
    tensor = weight()
    mark = Mark(tensor)
    with torch.inference_mode():
        tensor.mul_(2)
    assert not mark.fits(tensor)


def test_holds_the_memory_of_its_tensors_so_that_no_other_comes_to_lie_there() -> None:
    values = np.ones(6)
    alive, tensor = weakref.ref(values), torch.from_numpy(values)
    mark = Mark(tensor)
    del values
    tensor.data = tensor.data * 2
    assert not mark.fits(tensor)
    assert alive() is not None
    del mark
    assert alive() is None


def test_compares_inference_tensors_by_value() -> None:
    with torch.inference_mode():
        tensor = weight()
        mark = Mark(tensor)
        assert mark.fits(tensor)
        assert not mark.fits(tensor.double())
        tensor.mul_(2)
        assert not mark.fits(tensor)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda mark: pickle.loads(pickle.dumps(mark))])  # noqa: S301
def test_a_copy_fits_nothing(copied: Callable[[Mark], Mark]) -> None:
    tensor = weight()
    twin = copied(Mark(tensor))
    assert not twin.fits(tensor)
    assert not twin.fits()


def test_what_is_made_to_last_can_meet_autograd_after_inference_mode() -> None:
    with torch.inference_mode():
        inference = weight()
        with lasting():
            kept = [plain(inference), inference * 2]
    inputs = torch.ones(2, 3, requires_grad=True)
    (inputs * kept[0] * kept[1]).sum().backward()
    torch.testing.assert_close(inputs.grad, 2 * weight() ** 2)


def test_what_is_made_to_last_takes_no_derivative() -> None:
    with lasting():
        made = torch.ones(3, requires_grad=True) * 2
    assert not made.requires_grad
