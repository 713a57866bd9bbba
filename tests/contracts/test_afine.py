"""A-FINE keeps the promises of every quality model; a tiny backbone with random weights stands for it."""

import pytest
import torch

from acutance.layers.clip import ClipImageEncoder
from acutance.models.afine.model import AFINE, AFINEFidelity, AFINENaturalness
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import QualityModelContract, noisy, smooth_images


def tiny_encoder() -> ClipImageEncoder:
    torch.manual_seed(0)
    return ClipImageEncoder(embed_dim=48, depth=2, num_heads=3)


class TestAFINE(QualityModelContract):
    best_at_identity = False  # naturalness decides too
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return AFINE(tiny_encoder()).eval().requires_grad_(requires_grad=False)  # as acutance.load gives it


class TestAFINENaturalness(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        return AFINENaturalness(tiny_encoder()).eval().requires_grad_(requires_grad=False)


class TestAFINEFidelity(QualityModelContract):
    best_at_identity = False  # what identical images score is learned, with the calibrator

    @pytest.fixture
    def model(self) -> QualityModel:
        return AFINEFidelity(tiny_encoder()).eval().requires_grad_(requires_grad=False)


class TestAFINEInBFloat16(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        model = AFINE(deep_encoder()).eval().requires_grad_(requires_grad=False)
        model.use_bfloat16_products()
        return model


def deep_encoder() -> ClipImageEncoder:
    torch.manual_seed(0)
    return ClipImageEncoder(embed_dim=48, depth=6, num_heads=3)


class TestRawFidelity:
    """What holds for any weights."""

    @pytest.fixture
    def model(self) -> AFINE:
        return AFINE(tiny_encoder()).eval()

    def test_is_nothing_for_equal_pictures(self, model: AFINE) -> None:
        images = smooth_images(64)
        assert model.terms(images, images)["raw_fidelity"].tolist() == [0.0, 0.0]

    def test_rises_with_noise(self, model: AFINE) -> None:
        means = [model.terms(noisy(s, 64), smooth_images(64))["raw_fidelity"].mean().item() for s in (0.02, 0.1, 0.3)]
        assert means == sorted(means)
        assert means[0] > 0

    def test_falls_along_its_gradient(self, model: AFINE) -> None:
        reference, distorted = smooth_images(64), noisy(0.1, 64).requires_grad_()
        before = model.terms(distorted, reference)["raw_fidelity"].sum()
        (slope,) = torch.autograd.grad(before, distorted)
        after = model.terms(distorted - 0.1 * slope / slope.norm(), reference)["raw_fidelity"].sum()
        assert after.item() < before.item()
