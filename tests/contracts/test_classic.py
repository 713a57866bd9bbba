"""The classic metrics keep the promises of every quality model."""

import pytest

from acutance import load
from acutance.models.classic.published import CLASSIC
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import QualityModelContract


@pytest.mark.parametrize("name", sorted(CLASSIC), scope="class")
class TestClassicMetrics(QualityModelContract):
    @pytest.fixture
    def model(self, name: str) -> QualityModel:
        return load(name)
