"""VTAMIQ keeps the promises of every quality model; tiny networks with random weights stand for it."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from acutance.models.quality_model import QualityModel, SharesReferences
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import HEAD, KADIS700K, PAPER, VTAMIQConfig
from tests.contracts.quality_model import QualityModelContract

TINY = {"width": 48, "heads": 3, "mlp_width": 96, "layers": 2, "groups": 1, "blocks": 2, "reduction": 4}


def tiny(config: Mapping[str, Any], **views: Any) -> VTAMIQ:
    torch.manual_seed(0)
    model = VTAMIQ(VTAMIQConfig.model_validate({**config, **TINY}), VTAMIQViews(**views)).eval()
    return model.requires_grad_(requires_grad=False)  # as ``acutance.load`` gives it


class TestHead(QualityModelContract):
    best_at_identity = False  # identical images give a number made of the biases
    follows_noise = False  # random weights

    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny(HEAD)

    def test_can_keep_references(self, model: QualityModel) -> None:
        assert isinstance(model, SharesReferences)


class TestHeadOnAGrid(TestHead):
    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny(HEAD, protocol="grid", patches=12, repeats=2)


class TestKadis700k(TestHead):
    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny(KADIS700K, patches=12)


class TestPaperInContext(TestHead):
    @pytest.fixture
    def model(self) -> QualityModel:
        return tiny(PAPER, protocol="context-aware", sampler="independent", patches=12, repeats=2)


class TestHeadInBFloat16(TestHead):
    @pytest.fixture
    def model(self) -> QualityModel:
        model = tiny(HEAD)
        model.use_bfloat16_products()
        return model
