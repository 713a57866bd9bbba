"""Every network gives the same scores with PyTorch's own layers as with the fused kernels of a CPU."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from acutance.layers import cpu
from acutance.models.afine.model import AFINE
from acutance.models.quality_model import QualityModel
from tests.contracts import test_ahiq, test_vtamiq
from tests.contracts.test_afine import tiny_encoder
from tests.fakes.tiny_afine import tiny_pair
from tests.fakes.tiny_hyperiqa import tiny_hyperiqa, tiny_ms_hyperiqa

TINY: dict[str, Callable[[], QualityModel]] = {
    "afine": lambda: AFINE(tiny_encoder()),
    "afine-tiny": tiny_pair,
    "ahiq": test_ahiq.tiny,
    "hyperiqa": tiny_hyperiqa,
    "ms_hyperiqa": tiny_ms_hyperiqa,
    "vtamiq": lambda: test_vtamiq.tiny({}),
}


def scores(model: QualityModel) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    reference = torch.rand(2, 3, 64, 80, generator=generator)
    distorted = (reference + 0.1 * torch.randn(reference.shape, generator=generator)).clamp(0, 1)
    with torch.no_grad():
        return model.terms(distorted, reference if model.needs_reference else None)


def settle(model: QualityModel) -> QualityModel:
    """The model with batch norms that have seen something."""
    generator = torch.Generator().manual_seed(2)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.8, 1.2, generator=generator)
    return model.freeze()


@pytest.mark.parametrize("name", TINY)
def test_scores_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = settle(TINY[name]())
    fused = scores(model)
    monkeypatch.setattr(cpu, "_onednn_dtypes", tuple)  # as of a PyTorch without the private operators
    without_onednn = scores(model)
    monkeypatch.setattr(cpu, "PLAIN_KERNELS", True)
    plain = scores(model)
    for term, value in plain.items():
        relative = 1e-6 if term == "score" else 1e-5
        for other in (fused[term], without_onednn[term]):
            torch.testing.assert_close(other, value, rtol=relative, atol=1e-6)  # random networks score near 0


def test_a_pytorch_without_private_operators_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    find = cpu._onednn_dtypes.__wrapped__
    assert find() == cpu._onednn_dtypes()
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert find() == ()


def test_plain_kernels_convolve_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "PLAIN_KERNELS", True)
    assert tiny_hyperiqa().computes_in("bfloat16", "cpu") == "float32"


@pytest.mark.slow
@pytest.mark.parametrize(("value", "plain"), [("1", True), ("0", False), ("", False)])
def test_the_environment_chooses(value: str, *, plain: bool) -> None:
    program = "from acutance.layers import cpu; print(cpu.PLAIN_KERNELS)"
    environment = {**os.environ, "ACUTANCE_PLAIN_KERNELS": value}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(plain)
