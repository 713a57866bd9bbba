"""Crops lie where each protocol puts them, and what they depend on is told."""

import pytest
import torch
from torch.nn import functional

from acutance.models.hyperiqa.entry import HYPERIQA
from acutance.models.hyperiqa.model import seen
from acutance.models.hyperiqa.preprocess import HyperIQAViews, positions, view_settings

COVER, PYIQA = HyperIQAViews(), HyperIQAViews(protocol="pyiqa")


@pytest.mark.parametrize("size", [(224, 224), (225, 224), (512, 384), (301, 777), (1, 1), (100, 47), (3, 500)])
def test_cover_sees_every_pixel(size: tuple[int, int]) -> None:
    image = seen(torch.rand(1, 3, *size), COVER, None)
    covered = torch.zeros(image.shape[2:])
    for top, left in positions(image.shape[2], image.shape[3], COVER):
        window = covered[top : top + 224, left : left + 224]
        assert window.shape == (224, 224)
        window += 1
    assert covered.min() >= 1


def test_pyiqas_crops_leave_out_the_last_fifth() -> None:
    places = positions(288, 352, PYIQA)
    assert len(places) == 25
    assert sorted({top for top, _ in places}) == [0, 12, 24, 36, 48]
    assert sorted({left for _, left in places}) == [0, 25, 50, 75, 100]
    assert places[:2] == [(0, 0), (0, 25)]


def test_pyiqa_enlarges_what_is_no_larger_than_a_crop() -> None:
    assert seen(torch.rand(1, 3, 224, 300), PYIQA, None).shape == (1, 3, 225, 301)
    assert seen(torch.rand(1, 3, 225, 300), PYIQA, None).shape == (1, 3, 225, 300)


@pytest.mark.parametrize("side", [1, 2, 3, 47, 100, 199, 223, 224])
def test_pyiqa_always_makes_room_for_a_crop(side: int) -> None:
    assert min(seen(torch.rand(1, 3, side, 2 * side), PYIQA, None).shape[2:]) >= 224


def test_pyiqa_places_samples_by_its_factor() -> None:
    image = torch.rand(1, 3, 100, 130)
    theirs = functional.interpolate(image, scale_factor=2.25, mode="bilinear")
    assert torch.equal(seen(image, PYIQA, None), theirs)


def test_pyiqa_never_resizes() -> None:
    image = torch.rand(1, 3, 300, 400)
    assert seen(image, PYIQA, (512, 384)) is image


def test_every_picture_is_squeezed_to_the_size_of_training() -> None:
    assert seen(torch.rand(2, 3, 90, 500), COVER, (512, 384)).shape == (2, 3, 512, 384)


def test_random_crops_lie_inside_and_depend_on_the_seed() -> None:
    places = {seed: positions(300, 260, HyperIQAViews(protocol="random", seed=seed)) for seed in (0, 1)}
    assert all(len(found) == 25 for found in places.values())
    assert all(0 <= top <= 76 and 0 <= left <= 36 for found in places.values() for top, left in found)
    assert places[0] != places[1]
    assert places[0] == positions(300, 260, HyperIQAViews(protocol="random", seed=0))


def test_settings_name_the_protocol_and_what_it_depends_on() -> None:
    random = view_settings(HyperIQAViews(protocol="random", crops=10, seed=7), (512, 384))
    assert (random["protocol"], random["crops"], random["seed"], random["resize"]) == ("random", 10, 7, [512, 384])
    assert (view_settings(PYIQA, None)["crops"], view_settings(PYIQA, (512, 384))["resize"]) == (25, None)


def test_settings_do_not_tell_of_a_seed_that_does_not_matter() -> None:
    for protocol in ("cover", "pyiqa"):
        one, other = (view_settings(HyperIQAViews(protocol=protocol, seed=seed), None) for seed in (0, 1))
        assert one == other
        assert "seed" not in one


@pytest.mark.parametrize("protocol", ["cover", "random", "pyiqa"])
@pytest.mark.parametrize(("name", "value"), [("crops", 7), ("seed", 5)])
def test_an_option_changes_the_settings_of_the_protocols_it_is_for(name: str, value: int, protocol: str) -> None:
    before, after = (
        view_settings(HyperIQAViews.model_validate({"protocol": protocol, **changed}), None)
        for changed in ({}, {name: value})
    )
    assert (before != after) == (protocol in HYPERIQA.choices[name].protocols)


def test_settings_tell_of_resampling_only_where_pictures_are_resized() -> None:
    assert "resampling" in view_settings(COVER, (512, 384))
    assert "resampling" not in view_settings(COVER, None)
    assert "resampling" not in view_settings(PYIQA, (512, 384))
