"""The classic metrics keep the promises of every quality model."""

import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.models.classic.entry import CLASSIC
from acutance.models.classic.metrics import ClassicMetric
from acutance.models.quality_model import PairDepth, QualityModel
from tests.contracts.quality_model import QualityModelContract


@pytest.mark.parametrize("name", sorted(CLASSIC), scope="class")
class TestClassicMetrics(QualityModelContract):
    @pytest.fixture
    def model(self, name: str) -> QualityModel:
        return load(name)

    @pytest.mark.parametrize("eight_bits", [False, True], ids=["deep", "eight_bits"])
    def test_autocast_changes_nothing_where_the_depth_is_known(
        self, loaded: ClassicMetric, pair: tuple[Tensor, Tensor], *, eight_bits: bool
    ) -> None:
        depth = PairDepth(eight_bits=eight_bits)
        before = loaded.terms_at_depth(*pair, depth)["score"]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(loaded.terms_at_depth(*pair, depth)["score"], before)
