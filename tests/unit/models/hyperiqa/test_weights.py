"""Every name of the published files has its place in the model, and the records say what is known."""

import math
import subprocess
import sys

import pytest
import torch

from acutance.models.hyperiqa.entry import SCORE
from acutance.models.hyperiqa.model import HyperIQA
from acutance.models.hyperiqa.weights import HYPERIQA, HYPERIQA_PYIQA, LAYOUTS, OFFICIAL, PYIQA, HyperIQAConfig
from acutance.weights.record import Layout
from tests.fakes.hyperiqa_checkpoint import golden

GOLDEN = golden("hyperiqa")


def own_names() -> set[str]:
    with torch.device("meta"):
        return {name for name in HyperIQA().state_dict() if not name.endswith("num_batches_tracked")}


def test_the_official_layout_has_the_authors_355_names() -> None:
    assert set(OFFICIAL.keys.names) == set(GOLDEN["layout"])
    assert len(OFFICIAL.keys.names) == 355


def test_pyiqas_layout_has_its_names_below_params() -> None:
    assert set(PYIQA.keys.names) == {f"params.{name}" for name in GOLDEN["pyiqa"]["name_map"]}


def test_both_layouts_mean_the_same_tensors() -> None:
    for foreign, official in GOLDEN["pyiqa"]["name_map"].items():
        assert PYIQA.keys.names[f"params.{foreign}"] == OFFICIAL.keys.names[official]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_covers_the_model(layout: Layout) -> None:
    assert layout.keys.own_names == own_names()
    assert all((own is None) == foreign.endswith("num_batches_tracked") for foreign, own in layout.keys.names.items())


def test_layouts_say_how_the_model_is_built() -> None:
    official, pyiqa = (HyperIQAConfig.model_validate(layout.config) for layout in LAYOUTS)
    assert official == HyperIQAConfig()
    assert (pyiqa.resize, pyiqa.score_scale) == (None, 100.0)


def test_scores_have_no_bounds_but_a_usual_range() -> None:
    assert (SCORE.better, SCORE.low, SCORE.high) == ("higher", -math.inf, math.inf)
    assert SCORE.usual == (0.0, 100.0)


def test_the_official_file_is_not_on_the_hub_and_its_record_says_where_it_is() -> None:
    assert HYPERIQA.repository is None
    assert HYPERIQA.origin is not None
    assert "SSL92/hyperIQA" in HYPERIQA.origin


def test_the_records_say_what_may_be_done_with_the_weights() -> None:
    assert "KonIQ-10k" in HYPERIQA.licence
    assert "unknown" in HYPERIQA.licence
    assert "Noncommercial" in HYPERIQA_PYIQA.licence


def test_listing_it_loads_no_torch() -> None:
    modules = "acutance.models.hyperiqa.weights, acutance.models.ms_hyperiqa.weights"
    program = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
