"""AHIQ keeps the promises of every quality model; a tiny network with random weights stands for it."""

from typing import Literal

import pytest
import torch

from acutance.models.ahiq.model import AHIQ
from acutance.models.ahiq.preprocess import AHIQViews
from acutance.models.ahiq.weights import AHIQConfig
from acutance.models.quality_model import QualityModel, SharesReferences
from tests.contracts.quality_model import QualityModelContract, noisy, smooth_images

TINY = AHIQConfig(
    side=32,
    token_width=24,
    heads=2,
    cnn_width=4,
    fusion_width=8,
    reduced_width=8,
    smoothing_width=16,
    rating_width=8,
)
"""Crops of 32 pixels: four tokens by four, maps of eight by eight."""

Protocol = Literal["cover", "random", "five-point", "nine-point"]


def tiny(protocol: Protocol = "cover") -> AHIQ:
    torch.manual_seed(0)
    model = AHIQ(TINY, AHIQViews(protocol=protocol, crops=3)).eval()
    return model.requires_grad_(requires_grad=False)


class TestAHIQ(QualityModelContract):
    best_at_identity = False  # an image beside itself is rated like any other pair
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny()


class TestAHIQAtRandomPositions(TestAHIQ):
    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny("random")


class TestAHIQAtFivePoints(TestAHIQ):
    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny("five-point")


class TestAHIQInBFloat16(TestAHIQ):
    @pytest.fixture
    def model(self) -> QualityModel:
        model = tiny()
        model.use_bfloat16_products()
        return model


class TestKeptReferences:
    @pytest.fixture
    def model(self) -> AHIQ:
        return tiny()

    def test_give_the_same_terms(self, model: AHIQ) -> None:
        distorted, reference = noisy(0.1, 67), smooth_images(67)
        features = [model.encode_reference(image[None]) for image in reference]
        kept, whole = model.terms_against(distorted, features), model.terms(distorted, reference)
        assert isinstance(model, SharesReferences)
        assert list(kept) == list(whole)
        for name, term in whole.items():
            torch.testing.assert_close(kept[name], term)

    def test_may_be_one_for_many_pictures(self, model: AHIQ) -> None:
        reference = smooth_images(40)[:1]
        features = model.encode_reference(reference)
        distorted = noisy(0.1, 40)
        kept = model.terms_against(distorted, [features, features])["score"]
        torch.testing.assert_close(kept, model(distorted, reference.expand(2, -1, -1, -1)))

    @pytest.mark.parametrize("shape", [(32, 32), (67, 40), (20, 90)])
    def test_hold_as_many_bytes_as_they_say(self, model: AHIQ, shape: tuple[int, int]) -> None:
        crops = model.encode_reference(torch.rand(1, 3, *shape)).kept
        assert model.features_nbytes(*shape) == crops.reduced.nbytes + crops.offsets.nbytes
