"""Which crops of an image AHIQ rates."""

import pytest
from pydantic import ValidationError

from acutance.models.ahiq.preprocess import AHIQViews, crop_positions, view_settings
from acutance.models.ahiq.weights import AHIQConfig
from tests.fakes.ahiq_checkpoint import golden


def test_nine_points_are_the_authors():
    expected = [tuple(position) for position in golden()["multi_point_crops"]["positions"]]
    assert crop_positions(AHIQViews(protocol="nine-point"), 288, 352, 224) == expected


def test_five_points_are_the_first_of_the_nine():
    nine = crop_positions(AHIQViews(protocol="nine-point"), 301, 475, 224)
    assert crop_positions(AHIQViews(protocol="five-point"), 301, 475, 224) == nine[:5]


def test_crops_cover_every_pixel_unless_asked_otherwise():
    seen = {
        (row, column)
        for top, left in crop_positions(AHIQViews(), 301, 475, 224)
        for row in (top, top + 223)
        for column in (left, left + 223)
    }
    assert {(0, 0), (0, 474), (300, 0), (300, 474)} <= seen


def test_random_crops_are_twenty_as_the_authors_take():
    assert len(crop_positions(AHIQViews(protocol="random"), 288, 352, 224)) == 20


def test_random_crops_follow_the_seed():
    first, same, other = (crop_positions(AHIQViews(protocol="random", seed=seed), 288, 352, 224) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_random_crops_of_a_picture_that_fits_are_all_the_same():
    assert set(crop_positions(AHIQViews(protocol="random"), 224, 224, 224)) == {(0, 0)}


def test_the_seed_is_a_setting_only_where_it_matters():
    assert view_settings(AHIQViews(protocol="random", seed=3), AHIQConfig())["seed"] == 3
    assert "seed" not in view_settings(AHIQViews(seed=3), AHIQConfig())


def test_settings_name_the_protocol_and_the_normalisation():
    settings = view_settings(AHIQViews(protocol="five-point"), AHIQConfig())
    assert settings["protocol"] == "five-point"
    assert settings["normalisation"] == "mean 0.5, standard deviation 0.5"
    assert view_settings(AHIQViews(), AHIQConfig(normalisation="imagenet"))["normalisation"] == "ImageNet"


@pytest.mark.parametrize("wrong", [{"protocol": "all"}, {"crops": 0}, {"seed": -1}, {"crop": 3}])
def test_settings_that_do_not_exist_are_refused(wrong):
    with pytest.raises(ValidationError):
        AHIQViews(**wrong)
