from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.catalog import load
from acutance.errors import ConfigError, MissingWeightsError, UnknownNameError
from tests.fakes.training_loops import Parent, sha256_of_tensors, train_a_step
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


@pytest.mark.parametrize(("name", "precision"), [("psnr", "float64"), ("afine-tiny", "float32")])
def test_a_model_that_cannot_compute_in_bfloat16_says_what_it_computes_in(name: str, precision: str):
    with pytest.warns(UserWarning, match=rf"{name} \({precision}\)"):
        provenance = load(name, precision="bfloat16").provenance
    assert provenance is not None
    assert provenance.precision == precision


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("mdsi", {}, "ClassicMetric('mdsi', score 0 to 1, lower is better, float64 on cpu)"),
        (
            "afine-tiny",
            {},
            "AFINETiny('afine-tiny', score 0 to 100, higher is better, weights afine-tiny.safetensors, float32 on cpu)",
        ),
        (
            "afine-tiny",
            {"precision": "float64"},
            "AFINETiny('afine-tiny', score 0 to 100, higher is better, weights afine-tiny.safetensors, float64 on cpu)",
        ),
    ],
)
def test_a_loaded_model_is_one_line(name: str, options: dict[str, Any], line: str):
    assert repr(load(name, **options)) == line


def test_the_line_tells_what_the_model_was_cast_to():
    assert repr(load("afine-tiny").double()).endswith("float64 on cpu)")


def test_a_model_that_is_loaded_in_inference_mode_has_gradients_outside_it():
    with torch.inference_mode():
        model = load("afine-tiny-naturalness")
    image = torch.rand(1, 3, 40, 40, requires_grad=True)
    model(image).sum().backward()
    assert image.grad is not None
    assert bool((image.grad != 0).any())


@pytest.mark.parametrize("name", ["afine-tiny", "afine-tiny-naturalness"])
def test_a_network_that_holds_a_loaded_model_may_train(name: str):
    model = load(name)
    images = [torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    images = images[: 2 if model.needs_reference else 1]
    with torch.no_grad():
        before, tensors = model(*images), sha256_of_tensors(model)
        Parent(model).train()
        assert all(torch.equal(model(*images), before) for _ in range(5))
    train_a_step(Parent(model).train(), *images)
    assert sha256_of_tensors(model) == tensors
    assert not model.training


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
    with raises(MissingWeightsError, "hyperiqa", tmp_path):
        load("hyperiqa", tmp_path)
