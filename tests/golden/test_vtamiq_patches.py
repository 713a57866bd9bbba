"""VTAMIQ's patches lie where the authors' code puts them: grids to the bit, maps of probability, cells."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.models.vtamiq import context, patches
from acutance.models.vtamiq.model import cut_patches, places, pyramid, scales_of
from acutance.models.vtamiq.network import Embedding
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import VTAMIQConfig
from tests.fakes.vtamiq_checkpoint import golden_cases
from tests.golden.conftest import picture
from tests.golden.test_vtamiq import DISTORTED

GOLDEN = golden_cases()
TABLES: dict[str, Any] = GOLDEN["sampling_tables"]
CAPS: dict[str, dict[str, Any]] = {era: GOLDEN["caps"][era]["pairs"] for era in ("head", "paper2021")}
STAND_IN_SPREAD = (0.22, 0.26)
"""Of the centre map that the golden numbers were made with."""
WEIGHTS_2022 = (0.25, 1.0, 0.1)
WEIGHTS_2021 = (2.0, 5.0, 0.25)


def positions_of(patch_set: str) -> tuple[patches.Positions, list[patches.Size]]:
    """The grid of a golden set, from its seed."""
    which, pair = patch_set.split("_")
    height, width = picture(f"{pair}_ref.png").shape[2:]
    scales = patches.scale_count(height, width, asked=5 if which == "s5" else 1)
    sizes = patches.level_sizes(height, width, scales)
    seed = GOLDEN["patches"][patch_set]["seed"]
    return patches.grid_sets(sizes, patches=64, repeats=1, seed=seed)[0], sizes


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    with np.load(Path(__file__).with_name("vtamiq.npz")) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("patch_set", GOLDEN["patches"])
def test_draws_the_authors_grid_to_the_bit(arrays: dict[str, Any], patch_set: str) -> None:
    positions, _ = positions_of(patch_set)
    assert np.array_equal(np.concatenate(positions), arrays[f"{patch_set}_sample"])
    assert np.array_equal(np.concatenate(positions).astype(np.int16), arrays[f"{patch_set}_ij"])
    assert scales_of(positions).tolist() == arrays[f"{patch_set}_scale"].tolist()
    assert [len(level) for level in positions] == GOLDEN["patches"][patch_set]["counts_per_scale_finest_first"]


@pytest.mark.parametrize("patch_set", GOLDEN["patches"])
def test_tells_the_encoder_the_authors_places(arrays: dict[str, Any], patch_set: str) -> None:
    positions, sizes = positions_of(patch_set)
    config = VTAMIQConfig(width=32, heads=2, reduction=4)
    told = places(positions, config, VTAMIQViews(), sizes)
    assert np.array_equal(told.numpy(), arrays[f"{patch_set}_uv"])
    rows = Embedding(config).rows(told[None])[0]
    assert rows.tolist() == arrays[f"{patch_set}_posindex"].tolist()


@pytest.mark.parametrize("patch_set", GOLDEN["patches"])
def test_cuts_the_authors_patches(patch_set: str) -> None:
    expected, pair = GOLDEN["patches"][patch_set], patch_set.split("_")[1]
    positions, sizes = positions_of(patch_set)
    for role, name in (("ref", f"{pair}_ref.png"), ("dist", DISTORTED[pair])):
        patches = cut_patches(pyramid(picture(name), len(sizes), VTAMIQConfig()), positions)[0]
        wanted = expected[f"{role}_patches"]
        assert float(patches.mean()) == pytest.approx(wanted["mean"], abs=1e-6)
        assert float(patches.std(correction=0)) == pytest.approx(wanted["std"], abs=1e-4)
        assert patches.flatten()[:4].tolist() == pytest.approx(wanted["first4"], abs=1e-6)
        if role == "ref":
            assert float(patches[-1].mean()) == pytest.approx(expected["ref_last_patch_mean"], abs=1e-6)


@pytest.mark.parametrize("key", [key for key in TABLES["patch_counts_per_scale"] if key != "key"])
def test_shares_patches_among_scales_as_the_authors_do(key: str) -> None:
    count, scales, ratio = key.split(",")
    counts = patches.patch_counts(int(count), int(scales), float(ratio))
    assert counts[::-1] == TABLES["patch_counts_per_scale"][key]


@pytest.mark.parametrize("key", TABLES["num_scales_used"])
def test_uses_as_many_scales_as_the_authors_do(key: str) -> None:
    height, width = map(int, key.partition(",")[0].split("x"))
    assert patches.scale_count(height, width, asked=5) == TABLES["num_scales_used"][key]


@pytest.mark.parametrize("key", TABLES["simple_grid_rows_columns"])
def test_grids_have_the_authors_rows_and_columns(key: str) -> None:
    size, _, count = key.partition(",")
    height, width = map(int, size.split("x"))
    expected = TABLES["simple_grid_rows_columns"][key]
    assert patches.grid_shape(height, width, int(count)) == (expected["rows"], expected["columns"])


def test_gives_haltons_points() -> None:
    np.testing.assert_allclose(context.halton(0, 8).T, TABLES["halton_2_and_3_first8"], atol=1e-8)


@pytest.mark.parametrize("pair", CAPS["head"])
def test_maps_differences_and_the_centre_as_in_2024(pair: str) -> None:
    expected = CAPS["head"][pair]
    difference = context.difference_map(*pictures(pair), stretched=True)
    centre = context.centre_map(*size_of(difference), STAND_IN_SPREAD)
    assert_described(difference, expected["difference_map_raw"])
    assert_described(difference / difference.std(), expected["difference_map_over_std"])
    assert_described(centre, expected["centerbias_over_max"])
    for weights, name in (
        (WEIGHTS_2022, "combined_prob_centerbias0.25_diff1_uniform0.1"),
        ((0, 1, 0), "diff_only_prob"),
        ((1, 0, 0), "centerbias_only_prob"),
    ):
        assert_described(context.place_probability(difference, centre, weights), expected[name])


@pytest.mark.parametrize("count", ["64", "256", "512"])
@pytest.mark.parametrize("pair", CAPS["head"])
def test_divides_pictures_into_the_authors_cells(pair: str, count: str) -> None:
    expected = CAPS["head"][pair]["cells"][count]
    difference = context.difference_map(*pictures(pair), stretched=True)
    centre = context.centre_map(*size_of(difference), STAND_IN_SPREAD)
    cells = context.cells_of(context.place_probability(difference, centre, WEIGHTS_2022), int(count))
    assert cells.side == expected["cell_size"]
    assert_described(cells.shares, expected["cell_prob"])
    counts = context.first_counts(cells, int(count))
    assert (counts.sum(), counts.max()) == (expected["ceil_counts_sum_before_adjustment"], expected["ceil_counts_max"])


@pytest.mark.parametrize("pair", CAPS["paper2021"])
def test_maps_corners_as_2021_meant_to(pair: str) -> None:
    expected = CAPS["paper2021"][pair]
    difference = context.squared_difference_map(*pictures(pair))
    centre = context.centre_map(*size_of(difference), STAND_IN_SPREAD)
    for weights, name in ((WEIGHTS_2021, "intended_signed_difference_2_5_0.25"), ((0, 1, 0), "diff_only_intended")):
        assert_described(context.corner_probability(difference, centre, weights), expected[name])


def size_of(values: np.ndarray) -> patches.Size:
    rows, columns = values.shape
    return rows, columns


def pictures(pair: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Reference and distorted image of a golden pair."""
    return picture(f"{pair}_ref.png")[0], picture(DISTORTED[pair])[0]


def assert_described(values: np.ndarray, expected: dict[str, Any]) -> None:
    """Shape, moments, range and some values of a map, to a millionth of its largest value."""
    assert list(values.shape) == expected["shape"]
    close = 1e-6 * expected["max"]
    for name in ("mean", "std", "min", "max"):
        assert getattr(values, name)() == pytest.approx(expected[name], abs=close), name
    for place, value in expected["at"].items():
        assert values[tuple(map(int, place.split(",")))] == pytest.approx(value, abs=close), place
