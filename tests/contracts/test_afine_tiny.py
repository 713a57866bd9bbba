"""afine-tiny keeps the promises of every quality model; the smallest backbones with random weights stand for it."""

import pytest

from acutance.models.afine_tiny.model import AFINETiny
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import QualityModelContract, noisy, smooth_images
from tests.fakes.tiny_afine import tiny_naturalness, tiny_pair


class TestAFINETiny(QualityModelContract):
    best_at_identity = False  # naturalness decides too
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny_pair().requires_grad_(requires_grad=False)  # as acutance.load gives it


class TestAFINETinyNaturalness(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny_naturalness().requires_grad_(requires_grad=False)


class TestRawFidelity:
    """What holds for any weights."""

    @pytest.fixture
    def model(self) -> AFINETiny:
        return tiny_pair()

    def test_is_nothing_for_equal_pictures(self, model: AFINETiny) -> None:
        images = smooth_images(64)
        assert model.terms(images, images)["raw_fidelity"].tolist() == [0.0, 0.0]

    def test_rises_with_noise(self, model: AFINETiny) -> None:
        means = [model.terms(noisy(s, 64), smooth_images(64))["raw_fidelity"].mean().item() for s in (0.02, 0.1, 0.3)]
        assert means == sorted(means)
        assert means[0] > 0
