"""A-FINE keeps the promises of every quality model; a tiny trunk with random weights stands for it."""

import pytest
import torch

from acutance.backbones.clip import ClipImageEncoder
from acutance.models.afine.model import AFINE, AFINENaturalness
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import QualityModelContract


def tiny_encoder() -> ClipImageEncoder:
    torch.manual_seed(0)
    return ClipImageEncoder(embed_dim=48, depth=2, num_heads=3)


class TestAFINE(QualityModelContract):
    best_at_identity = False  # naturalness decides too
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return AFINE(tiny_encoder()).eval()


class TestAFINENaturalness(QualityModelContract):
    best_at_identity = False
    follows_noise = False

    @pytest.fixture
    def model(self) -> QualityModel:
        return AFINENaturalness(tiny_encoder()).eval()
