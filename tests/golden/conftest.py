"""The golden cases of A-FINE: the authors' numbers, and the model with the weights they were made with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.images import read_image
from acutance.layers.images import to_batch
from acutance.models.afine.model import AFINE, AFINEFidelity, AFINENaturalness

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    return dict(json.loads((HERE / "afine.json").read_text()))


@pytest.fixture(scope="session")
def arrays() -> dict[str, Any]:
    with np.load(HERE / "afine_intermediates.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="session")
def afine(afine_pth: Path) -> AFINE:
    model = load("afine", afine_pth)
    assert isinstance(model, AFINE)
    return model


@pytest.fixture(scope="session")
def afine_naturalness(afine_pth: Path) -> AFINENaturalness:
    model = load("afine-naturalness", afine_pth)
    assert isinstance(model, AFINENaturalness)
    return model


@pytest.fixture(scope="session")
def afine_fidelity(afine_pth: Path) -> AFINEFidelity:
    model = load("afine-fidelity", afine_pth)
    assert isinstance(model, AFINEFidelity)
    return model


def picture(name: str, dtype: torch.dtype = torch.float32) -> Tensor:
    """A golden image by the name it has in afine.json, as a batch of one."""
    stem = name.removesuffix(".png")
    path = f"reference/{stem.removesuffix('_ref')}.png" if stem.endswith("_ref") else f"distorted/{name}"
    return to_batch([read_image(EXAMPLES / path)], dtype=dtype)
