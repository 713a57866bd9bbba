"""Settings of VTAMIQ's views tell what a score depends on, and places are what the encoder was trained with."""

import numpy as np
import pytest
import torch

from acutance.errors import ConfigError
from acutance.models.vtamiq.model import VTAMIQ, cut_patches, large_enough, places, pyramid
from acutance.models.vtamiq.patches import fixed_sets, sizes_of
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import KADIS700K, PAPER, VTAMIQConfig
from tests.raising import raises

HEAD_CONFIG = VTAMIQConfig()
PAPER_CONFIG = VTAMIQConfig.model_validate(PAPER)
KADIS_CONFIG = VTAMIQConfig.model_validate(KADIS700K)
CORNERS = (np.array([[0.0, 0.0], [100.7, 200.2], [240.0, 240.0]]),)
SIZE = [(256, 256)]


def test_settings_of_cover_name_no_seed() -> None:
    settings = VTAMIQViews().settings(HEAD_CONFIG)
    assert settings["protocol"] == "cover"
    assert not {"seed", "repeats", "centre"} & set(settings)


def test_settings_of_a_grid_name_what_is_drawn() -> None:
    settings = VTAMIQViews(protocol="grid", seed=7).settings(KADIS_CONFIG)
    assert (settings["seed"], settings["repeats"], settings["patches"], settings["scales"]) == (7, 4, 512, 5)
    assert "centre" not in settings


def test_settings_in_context_name_every_weight() -> None:
    settings = VTAMIQViews(protocol="context-aware", difference=3.0).settings(PAPER_CONFIG)
    assert (settings["centre"], settings["difference"], settings["uniform"]) == (0.25, 3.0, 0.1)
    assert (settings["sampler"], settings["points"], settings["normalisation"]) == ("stratified", "halton", "ImageNet")


def test_settings_in_context_name_the_difference_map_where_it_is_another() -> None:
    in_context = VTAMIQViews(protocol="context-aware")
    assert "difference_map" not in in_context.settings(PAPER_CONFIG)
    by_ssim = in_context.model_copy(update={"difference_map": "ssim"})
    assert by_ssim.settings(PAPER_CONFIG)["difference_map"] == "ssim"


def test_refuses_to_draw_with_no_weight() -> None:
    with raises(ConfigError, 0, "centre", "difference", "uniform"):
        VTAMIQ(options=VTAMIQViews(protocol="context-aware", centre=0, difference=0, uniform=0))


def test_places_are_skewed_as_published() -> None:
    told = places(CORNERS, HEAD_CONFIG, VTAMIQViews(), SIZE)
    expected = torch.tensor([[8 / 248, 8 / 248], [108.7 / 248, 208.2 / 248], [1 - 1e-6, 1 - 1e-6]])
    torch.testing.assert_close(told, expected)
    assert float(told.max()) < 1


def test_centred_places_are_centres() -> None:
    told = places(CORNERS, HEAD_CONFIG, VTAMIQViews(uv="centred"), SIZE)
    torch.testing.assert_close(told[[0, 2]], torch.tensor([[1 / 32, 1 / 32], [31 / 32, 31 / 32]]))


def test_places_of_2021_are_corners_from_minus_one_to_one() -> None:
    told = places(CORNERS, PAPER_CONFIG, VTAMIQViews(), SIZE)
    torch.testing.assert_close(told[[0, 2]], torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (16, 15), (16, 16), (33, 500)])
def test_sizes_are_those_of_enlarged_pictures(size: tuple[int, int]) -> None:
    assert sizes_of(*size, HEAD_CONFIG) == [tuple(large_enough(torch.zeros(1, 3, *size)).shape[2:])]


def test_cuts_patches_where_they_lie() -> None:
    image = torch.rand(2, 3, 40, 50)
    levels = pyramid(image, 2, HEAD_CONFIG)
    patches = cut_patches(levels, (np.array([[3.9, 20.2]]), np.array([[4.0, 0.0]])))
    torch.testing.assert_close(patches[:, 0], 2 * image[:, :, 3:19, 20:36] - 1)
    torch.testing.assert_close(patches[:, 1], levels[1][:, :, 4:20, :16])


def test_covering_sets_tell_each_patch_its_own_place() -> None:
    for positions in fixed_sets(64, 96, HEAD_CONFIG, VTAMIQViews(patches=10)):
        told = places(positions, HEAD_CONFIG, VTAMIQViews(uv="centred"), [(64, 96)])
        expected = torch.from_numpy((positions[0] + 8) / [64, 96]).float()
        torch.testing.assert_close(told, expected)


def test_settings_name_normalisation_and_enlarging_as_all_models_do() -> None:
    settings = VTAMIQViews().settings(HEAD_CONFIG)
    assert settings["normalisation"] == "mean 0.5, standard deviation 0.5"
    assert settings["small pictures"] == "shorter side enlarged to 16, bilinear"
