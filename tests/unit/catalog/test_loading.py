from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.catalog import load
from acutance.errors import ConfigError, MissingWeightsError, UnknownNameError
from tests.raising import raises


def test_a_loaded_model_is_ready_to_score():
    model = load("ssim")
    assert not model.training
    assert model.provenance is not None
    assert model.provenance.model == "ssim"
    assert model.provenance.weights is None
    assert model.provenance.weights_sha256 is None
    assert model.provenance.device == "cpu"


def test_options_are_recorded():
    provenance = load("ssim", channel="rgb").provenance
    assert provenance is not None
    assert provenance.preprocessing["channel"] == "rgb"


def test_auto_is_a_device_that_this_machine_has():
    provenance = load("psnr", device="auto").provenance
    assert provenance is not None
    assert provenance.device in ("cpu", "cuda", "mps")


def test_float64_takes_pictures_in_float64():
    model = load("psnr", precision="float64")
    dark, light = torch.zeros(1, 3, 8, 8, dtype=torch.float64), torch.full((1, 3, 8, 8), 0.1, dtype=torch.float64)
    assert model(dark, light).dtype == torch.float64
    assert model(dark, light).item() == pytest.approx(20, abs=1e-12)


def test_a_classic_metric_says_that_it_computes_in_float64():
    provenance = load("psnr", precision="bfloat16").provenance
    assert provenance is not None
    assert provenance.precision == "float64"


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("pnsr", {}, UnknownNameError, ("pnsr", "psnr")),
        ("psnr", {"precision": "float31"}, UnknownNameError, ("float31", "float32")),
        ("psnr", {"device": "cdua"}, UnknownNameError, ("cdua", "cuda")),
        ("psnr", {"weights": "a.pth"}, ConfigError, ("psnr", "a.pth")),
        ("psnr", {"chanel": "rgb"}, UnknownNameError, ("psnr", "chanel", "channel")),
        ("psnr", {"channel": "red"}, ConfigError, ("channel", "psnr", "rgb", "grey", "luma", "red")),
        ("vsi", {"channel": "rgb"}, ConfigError, ("vsi", "channel")),
        ("afine", {"weights": "absent.pth"}, MissingWeightsError, ("absent.pth", "acutance weights fetch afine")),
    ],
)
def test_what_does_not_fit_is_an_error(
    name: str, options: dict[str, Any], error: type[Exception], words: tuple[object, ...]
):
    with raises(error, *words):
        load(name, **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has it")
def test_a_device_that_is_not_there_is_an_error():
    with raises(ConfigError, "cuda:1"):
        load("psnr", device="cuda:1")


def test_weights_that_are_a_folder_are_missing(tmp_path: Path):
    with raises(MissingWeightsError, "afine", tmp_path):
        load("afine", tmp_path)
