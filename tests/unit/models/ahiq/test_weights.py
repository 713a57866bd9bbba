"""The tables of the published AHIQ weights."""

import subprocess
import sys

import pytest

from acutance.models.ahiq import weights
from acutance.models.ahiq.entry import ENTRY
from acutance.models.ahiq.network import AHIQNetwork
from acutance.models.ahiq.preprocess import AHIQViews, view_settings
from acutance.models.ahiq.weights import AHIQConfig
from acutance.weights.key_table import COUNTER
from tests.contracts.test_ahiq import tiny
from tests.fakes.ahiq_checkpoint import golden


@pytest.mark.parametrize(("part", "count"), [("resnet50", 320), ("vit", 152)])
def test_a_trunk_table_holds_every_tensor_of_its_file(part: str, count: int):
    names = {"resnet50": weights.OFFICIAL.backbones[0], "vit": weights.OFFICIAL.backbones[1]}[part].keys.names
    assert set(names) == set(golden()["layouts"][part])
    assert len(names) == count


def test_the_official_table_holds_every_tensor_of_the_heads():
    heads = {
        f"{part}_model_state_dict.{name}" for part in ("deform_net", "regressor") for name in golden()["layouts"][part]
    }
    assert set(weights.OFFICIAL.keys.names) == heads


def test_a_trunk_uses_what_the_authors_use():
    for backbone, part in zip(weights.OFFICIAL.backbones, ("resnet50", "vit"), strict=True):
        needed = tuple(golden()["needed"][part])
        used = {name for name, own in backbone.keys.names.items() if own is not None}
        expected = {name for name in backbone.keys.names if name.startswith(needed) and not name.endswith(COUNTER)}
        assert used == expected


@pytest.mark.parametrize("layout", weights.LAYOUTS, ids=lambda layout: layout.name)
def test_every_layout_leads_to_every_tensor_of_the_model(layout):
    reached = layout.keys.own_names.union(*(backbone.keys.own_names for backbone in layout.backbones))
    assert reached == {name for name in tiny().state_dict() if not name.endswith(COUNTER)}


def test_a_whole_model_of_pyiqa_has_the_names_of_all_four_parts():
    names = {f"{part}.{name}" for part, layout in golden()["layouts"].items() for name in layout}
    assert set(weights.PYIQA_WHOLE.keys.names) == names


CHANGED = {"crops": 7, "seed": 5}


@pytest.mark.parametrize("protocol", ["cover", "random", "five-point", "nine-point"])
@pytest.mark.parametrize("name", CHANGED)
def test_an_option_changes_the_settings_of_the_protocols_it_is_for(name: str, protocol: str):
    before, after = (
        view_settings(AHIQViews.model_validate({"protocol": protocol, **changed}), AHIQConfig())
        for changed in ({}, {name: CHANGED[name]})
    )
    assert (before != after) == (protocol in ENTRY.choices[name].protocols)


def test_whole_models_of_pyiqa_see_imagenets_normalisation():
    seen = {layout.name: AHIQConfig.model_validate(layout.config).normalisation for layout in weights.LAYOUTS}
    assert seen == {"official": "half", "pyiqa-whole": "imagenet", "pyiqa-params": "imagenet"}


def test_terms_are_those_of_the_catalogue():
    from tests.contracts.quality_model import smooth_images

    images = smooth_images(32)
    assert set(tiny().terms(images, images)) == {*ENTRY.term_names, "score"}


def test_only_the_five_blocks_and_the_one_stage_that_are_used_are_built():
    network = AHIQNetwork(AHIQConfig())
    parts = ("vit", "resnet", "fusion", "regressor")
    counts = {part: sum(p.numel() for p in getattr(network, part).parameters()) for part in parts}
    assert counts == {"vit": 36_191_232, "resnet": 225_344, "fusion": 13_010_450, "regressor": 14_158_338}


def test_importing_the_tables_loads_no_torch():
    code = "import sys, acutance.models.ahiq.weights; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
