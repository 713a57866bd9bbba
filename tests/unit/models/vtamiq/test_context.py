"""Each weight of context-aware sampling counts, and no picture breaks it."""

from typing import Any

import numpy as np
import pytest
import torch

from acutance.models.vtamiq.caps import context_sets, probabilities
from acutance.models.vtamiq.context import centre_map, difference_map
from acutance.models.vtamiq.views import VTAMIQViews

REFERENCE = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(0))


def changed_left() -> torch.Tensor:
    """The picture with another left third."""
    distorted = REFERENCE.clone()
    distorted[:, :, :32] = 1 - distorted[:, :, :32]
    return distorted


def views(**settings: Any) -> VTAMIQViews:
    return VTAMIQViews(protocol="context-aware", **{"patches": 60, "repeats": 1, **settings})


def columns(settings: VTAMIQViews) -> np.ndarray:
    (positions,) = context_sets(REFERENCE, changed_left(), 1, settings)
    return positions[0][:, 1]


@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_patches_go_where_pictures_differ(sampler: str) -> None:
    only = columns(views(centre=0, difference=1, uniform=0, sampler=sampler))
    alike = columns(views(centre=0, difference=0, uniform=1, sampler=sampler))
    assert (only < 48).all()
    assert 0.3 < (alike > 40).mean() < 0.7


@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_patches_go_to_the_centre(sampler: str) -> None:
    spread = [np.abs(columns(views(centre=c, difference=0, uniform=1, sampler=sampler)) - 40).mean() for c in (0, 20)]
    assert spread[1] < 0.9 * spread[0]


@pytest.mark.parametrize("points", ["halton", "perturbed"])
def test_draws_as_many_patches_as_asked(points: str) -> None:
    for patches in (1, 7, 60, 500):
        (positions,) = context_sets(REFERENCE, changed_left(), 1, views(patches=patches, points=points))
        assert positions[0].shape == (patches, 2)
        assert (positions[0] >= 0).all()
        assert (positions[0] <= [48, 80]).all()


@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_a_pair_gets_the_same_patches_every_time(sampler: str) -> None:
    assert np.array_equal(columns(views(sampler=sampler)), columns(views(sampler=sampler)))
    assert not np.array_equal(columns(views(sampler=sampler)), columns(views(sampler=sampler, seed=1)))


@pytest.mark.parametrize("stretched", [False, True])
@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_flat_and_equal_pictures_are_drawn_from_alike(sampler: str, *, stretched: bool) -> None:
    flat = torch.full((3, 64, 96), 0.5)
    settings = views(centre=0, difference=1, uniform=0, sampler=sampler, stretched=stretched)
    (probability,) = probabilities(flat, flat, 1, settings)
    np.testing.assert_allclose(probability, 1 / probability.size)


def test_stretching_hides_a_change_of_brightness() -> None:
    darker = 0.5 * REFERENCE
    assert difference_map(REFERENCE, darker).mean() > 0.2
    assert difference_map(REFERENCE, darker, stretched=True).max() < 1e-5


def test_every_scale_has_a_map_of_its_own() -> None:
    settings = views(sampler="stratified")
    maps = probabilities(REFERENCE, changed_left(), 2, settings)
    assert [values.shape for values in maps] == [(64, 96), (32, 48)]
    assert [values.sum() for values in maps] == pytest.approx([1, 1])


def test_the_centre_is_highest_in_the_middle_and_symmetric() -> None:
    centre = centre_map(65, 97)
    assert centre[32, 48] == 1
    np.testing.assert_allclose(centre, centre[::-1, ::-1], rtol=0.02)
    assert centre[0, 48] < 0.1
