"""HyperIQA keeps the promises of every quality model; a tiny backbone with random weights stands for it."""

import pytest

from acutance.models.hyperiqa.preprocess import HyperIQAViews
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import QualityModelContract
from tests.fakes.tiny_hyperiqa import tiny_hyperiqa


class TestHyperIQA(QualityModelContract):
    best_at_identity = False  # no reference
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny_hyperiqa().requires_grad_(requires_grad=False)


class TestHyperIQAResized(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny_hyperiqa(resize=(224, 240)).requires_grad_(requires_grad=False)


class TestHyperIQAOnRandomCrops(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        views = HyperIQAViews(protocol="random", crops=2, seed=1)
        return tiny_hyperiqa(views, resize=(224, 240)).requires_grad_(requires_grad=False)


class TestHyperIQAInBFloat16(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        model = tiny_hyperiqa(trunk_blocks=(2, 2, 1, 1)).requires_grad_(requires_grad=False)
        model.use_bfloat16_products()
        return model
