"""What is published of VTAMIQ agrees with the network and with the views."""

import subprocess
import sys
from typing import Any

import pytest
import torch

from acutance.models.entry import ModelEntry
from acutance.models.vtamiq import weights
from acutance.models.vtamiq.entry import ENTRIES
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import PRESENT, UNTIL_2022, VTAMIQConfig
from acutance.training.systems.vtamiq import foreign_state
from acutance.weights.record import Layout
from tests.fakes.vtamiq_checkpoint import layout as layout_shapes

LAYOUTS = [*weights.HEAD_LAYOUTS, *weights.PAPER_LAYOUTS, *weights.KADIS700K_LAYOUTS]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_options_of_each_state_have_its_own_defaults(entry: ModelEntry) -> None:
    views = VTAMIQViews(**entry.option_defaults).model_dump()
    assert {name: option.default for name, option in entry.choices.items()} == views
    assert list(entry.choices) == list(VTAMIQViews.model_fields)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layouts_name_every_tensor_of_their_network(layout: Layout) -> None:
    with torch.device("meta"):
        model = VTAMIQ(VTAMIQConfig(**layout.config))  # type: ignore[arg-type]
    assert layout.keys.own_names == set(model.state_dict())


def test_the_training_programs_file_holds_the_state_dict_under_a_name() -> None:
    whole, alone = weights.HEAD_LAYOUTS[:2]
    assert set(whole.keys.names) == {f"model_state_dict.{name}" for name in alone.keys.names}


def test_listing_it_needs_no_torch() -> None:
    check = "import acutance.models.vtamiq.weights, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


CHANGED: dict[str, Any] = {
    "patches": 9,
    "repeats": 2,
    "seed": 5,
    "centre": 0.5,
    "difference": 0.5,
    "uniform": 0.5,
    "stretched": True,
    "sampler": "independent",
    "points": "perturbed",
    "uv": "centred",
}


@pytest.mark.parametrize("protocol", ["cover", "grid", "context-aware"])
@pytest.mark.parametrize("name", CHANGED)
def test_an_option_changes_the_settings_of_the_protocols_it_is_for(name: str, protocol: str) -> None:
    before, after = (
        VTAMIQViews.model_validate({"protocol": protocol, **changed}).settings(VTAMIQConfig())
        for changed in ({}, {name: CHANGED[name]})
    )
    assert (before != after) == (protocol in (ENTRIES[0].choices[name].protocols or [protocol]))


def shapes_of(config: VTAMIQConfig) -> dict[str, tuple[int, ...]]:
    """Of a checkpoint that a training of this network leaves for the authors' code."""
    with torch.device("meta"):
        model = VTAMIQ(config)
    state = {name: torch.empty(tensor.shape) for name, tensor in model.state_dict().items()}
    return {name: tuple(tensor.shape) for name, tensor in foreign_state(state, config).items()}


OTHER_SIZES: dict[str, dict[str, Any]] = {
    "three layers": {"layers": 3, "groups": 2, "blocks": 3, "reduction": 8},
    "adapters": {"adapters": 2, "registers": 0, "layer_gains": False},
    "scales": {"scales": 3, "difference_gain": False},
    "no decoder": {"decoder": False},
    "wide": {"width": 128, "heads": 2, "mlp_width": 256, "grid": 12},
}
SMALL_WIDTH: dict[str, Any] = {"width": 64, "heads": 1, "mlp_width": 128, "reduction": 4}


@pytest.mark.parametrize("changed", OTHER_SIZES.values(), ids=OTHER_SIZES)
def test_sizes_of_a_network_are_read_off_its_checkpoint(changed: dict[str, Any]) -> None:
    config = VTAMIQConfig(**{**SMALL_WIDTH, **changed})
    layout = weights.derived_layout("head", weights.HEAD, PRESENT, shapes_of(config))
    assert layout is not None
    kept = {"groups", "blocks", "reduction"} if not config.decoder else set()
    found = VTAMIQConfig.model_validate(layout.config)
    assert found.model_dump(exclude=kept) == config.model_dump(exclude=kept)
    assert set(layout.keys.names) == set(shapes_of(config))


def test_the_published_sizes_are_the_published_configurations() -> None:
    states = {
        "head_default": (weights.HEAD, PRESENT),
        "paper2021": (weights.PAPER, UNTIL_2022),
        "paper2021_diff_embedding": (weights.PAPER, UNTIL_2022),
        "released2022": (weights.KADIS700K, UNTIL_2022),
    }
    for name, (state, scheme) in states.items():
        shapes = {f"model_state_dict.{tensor}": shape for tensor, shape in layout_shapes(name).items()}
        layout = weights.derived_layout(name, state, scheme, shapes)
        assert layout is not None
        expected = VTAMIQConfig.model_validate({**state, "difference_embedding": name.endswith("embedding")})
        assert VTAMIQConfig.model_validate(layout.config) == expected, name


def test_a_checkpoint_of_another_state_is_none_of_this_one() -> None:
    scaled, plain = layout_shapes("released2022"), layout_shapes("paper2021")
    assert weights.derived_layout("head", weights.HEAD, PRESENT, plain) is None
    assert weights.derived_layout("paper", weights.PAPER, UNTIL_2022, scaled) is None
    assert weights.derived_layout("kadis700k", weights.KADIS700K, UNTIL_2022, plain) is None
    assert weights.derived_layout("head", weights.HEAD, PRESENT, {"conv1.weight": (64, 3, 7, 7)}) is None
