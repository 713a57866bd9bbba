from typing import Literal

import numpy as np
import pytest
import torch

from acutance.models.classic.channels import averaged, halved
from tests.unit.models.classic import oracles


@pytest.mark.parametrize(("height", "width"), [(383, 500), (384, 400), (401, 450), (640, 641), (901, 1000)])
@pytest.mark.parametrize("border", ["zero", "symmetric"])
def test_averages_as_matlab_does(height: int, width: int, border: Literal["zero", "symmetric"]) -> None:
    plane = np.random.default_rng(0).random((height, width))
    size = max(1, oracles.matlab_round(min(height, width) / 256))
    if border == "zero":
        expected = oracles.convolve_same(plane, np.full((size, size), size**-2.0))[::size, ::size]
    else:
        expected = oracles.averaged_symmetric(plane, size)
    result = averaged(torch.tensor(plane)[None, None], border)[0, 0]
    np.testing.assert_allclose(result.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(6, 8), (7, 8), (6, 9), (7, 9), (1, 1)])
def test_halves_as_matlab_does(height: int, width: int) -> None:
    plane = np.random.default_rng(0).random((height, width))
    result = halved(torch.tensor(plane)[None, None])[0, 0]
    np.testing.assert_allclose(result.numpy(), oracles.averaged_symmetric(plane, 2), atol=1e-12)
