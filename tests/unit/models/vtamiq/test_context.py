"""Each weight and each measure of context-aware sampling counts, and no image breaks it."""

from typing import Any

import numpy as np
import pytest
import torch

from acutance.models.vtamiq.context import centre_map, context_sets, difference_map, probabilities, ssim_map
from acutance.models.vtamiq.preprocess import VTAMIQViews

SCIKIT_IMAGE = [0.17772388434164052, 0.4016328184903309, 0.18954826836009206, 0.23552210812717814, 0.21671059832323888]
REFERENCE = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(0))


def changed_left() -> torch.Tensor:
    """The image with another left third."""
    distorted = REFERENCE.clone()
    distorted[:, :, :32] = 1 - distorted[:, :, :32]
    return distorted


def views(**settings: Any) -> VTAMIQViews:
    return VTAMIQViews(protocol="context-aware", **{"patches": 60, "repeats": 1, **settings})


def columns(settings: VTAMIQViews) -> np.ndarray:
    (positions,) = context_sets(REFERENCE, changed_left()[None], 1, settings)
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
        (positions,) = context_sets(REFERENCE, changed_left()[None], 1, views(patches=patches, points=points))
        assert positions[0].shape == (patches, 2)
        assert (positions[0] >= 0).all()
        assert (positions[0] <= [48, 80]).all()


@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_a_pair_gets_the_same_patches_every_time(sampler: str) -> None:
    assert np.array_equal(columns(views(sampler=sampler)), columns(views(sampler=sampler)))
    assert not np.array_equal(columns(views(sampler=sampler)), columns(views(sampler=sampler, seed=1)))


@pytest.mark.parametrize("picture", [torch.full((3, 64, 96), 0.5), REFERENCE], ids=["flat", "detailed"])
@pytest.mark.parametrize("measure", [{}, {"stretched": True}, {"difference_map": "ssim"}])
@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_equal_pictures_are_drawn_from_alike(sampler: str, measure: dict[str, Any], picture: torch.Tensor) -> None:
    settings = views(centre=0, difference=1, uniform=0, sampler=sampler, **measure)
    (probability,) = probabilities(picture, picture[None], 1, settings)
    np.testing.assert_allclose(probability, 1 / probability.size)


def test_the_ssim_map_is_that_of_scikit_image() -> None:
    """structural_similarity of scikit-image 0.26 with Gaussian weights, full, each channel; 1 minus its mean."""
    random = np.random.RandomState(0)
    reference = random.rand(3, 40, 52)
    distorted = np.clip(reference + 0.2 * random.randn(3, 40, 52), 0, 1)
    found = ssim_map(torch.from_numpy(reference), torch.from_numpy(distorted))
    shown = [found.mean(), found.max(), found[0, 0], found[-1, 7], found[20, 30]]
    np.testing.assert_allclose(shown, SCIKIT_IMAGE, rtol=1e-12)


def test_the_ssim_map_is_ssim_by_its_definition() -> None:
    offsets = np.arange(-5, 6)
    bell = np.exp(-0.5 * (offsets / 1.5) ** 2)
    window = np.outer(bell, bell) / bell.sum() ** 2
    images = [image[:, :20, :24].double().numpy() for image in (REFERENCE, changed_left() * 0.5)]
    mirrored = [np.pad(image, ((0, 0), (5, 5), (5, 5)), mode="symmetric") for image in images]
    found = ssim_map(*(torch.from_numpy(image) for image in images))
    for row, column in ((0, 0), (3, 23), (19, 11), (10, 12)):
        values = []
        for x, y in zip(*(m[:, row : row + 11, column : column + 11] for m in mirrored), strict=True):
            mean_x, mean_y = (window * x).sum(), (window * y).sum()
            spread = [(window * (x - mean_x) * (x - mean_x)).sum(), (window * (y - mean_y) * (y - mean_y)).sum()]
            together = (window * (x - mean_x) * (y - mean_y)).sum()
            light = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
            values.append(light * (2 * together + 9e-4) / (sum(spread) + 9e-4))
        assert found[row, column] == pytest.approx(1 - np.mean(values), abs=1e-12)


@pytest.mark.parametrize("sampler", ["stratified", "independent"])
def test_ssim_sends_patches_where_structure_differs_and_not_where_colours_do(sampler: str) -> None:
    """Left a change of brightness that SSIM hardly minds, right a faint change of structure that it minds."""
    random = torch.Generator().manual_seed(1)
    reference = 0.5 + 0.08 * torch.randn(3, 64, 96, generator=random)
    distorted = reference.clone()
    distorted[:, :, :32] += 0.3
    distorted[:, :, 64:] = 0.5
    settings = views(centre=0, difference=1, uniform=0, sampler=sampler)
    left = {}
    for measure in ("colour", "ssim"):
        chosen = settings.model_copy(update={"difference_map": measure})
        (positions,) = context_sets(reference, distorted[None], 1, chosen)
        left[measure] = float((positions[0][:, 1] < 40).mean())
    assert left["colour"] > 0.6
    assert left["ssim"] < 0.3


def test_several_distorted_pictures_count_by_their_mean() -> None:
    other = REFERENCE.flip(-1)
    settings = views(centre=0, difference=1, uniform=0, sampler="independent", difference_map="ssim")
    (both,) = probabilities(REFERENCE, torch.stack([changed_left(), other]), 1, settings)
    (again,) = probabilities(REFERENCE, torch.stack([other, changed_left()]), 1, settings)
    (alone,) = probabilities(REFERENCE, other[None], 1, settings)
    np.testing.assert_allclose(both, again)
    assert np.abs(both - alone).max() > 1e-5


def test_stretching_hides_a_change_of_brightness() -> None:
    darker = 0.5 * REFERENCE
    assert difference_map(REFERENCE, darker).mean() > 0.2
    assert difference_map(REFERENCE, darker, stretched=True).max() < 1e-5


def test_every_scale_has_a_map_of_its_own() -> None:
    settings = views(sampler="stratified")
    maps = probabilities(REFERENCE, changed_left()[None], 2, settings)
    assert [values.shape for values in maps] == [(64, 96), (32, 48)]
    assert [values.sum() for values in maps] == pytest.approx([1, 1])


def test_the_centre_is_highest_in_the_middle_and_symmetric() -> None:
    centre = centre_map(65, 97)
    assert centre[32, 48] == 1
    np.testing.assert_allclose(centre, centre[::-1, ::-1], rtol=0.02)
    assert centre[0, 48] < 0.1
