"""Draws follow their probability."""

import numpy as np
import pytest

from acutance.models.vtamiq.context import cells_of, corrected, first_counts, independent_corners, stratified_corners


def test_all_mass_on_one_corner_gives_that_corner() -> None:
    probability = np.zeros((10, 30))
    probability[4, 25] = 1
    corners = independent_corners(probability, 50, np.random.RandomState(0))
    assert (corners == [4, 25]).all()


def test_every_corner_can_be_drawn() -> None:
    corners = independent_corners(np.full((10, 10), 0.01), 3000, np.random.RandomState(0))
    assert len(np.unique(corners, axis=0)) == 100


def test_cells_get_patches_by_their_share() -> None:
    probability = np.full((256, 256), 1.0)
    probability[:, 128:] = 3.0
    corners = stratified_corners(probability / probability.sum(), 400, np.random.RandomState(0))
    assert (corners[:, 1] > 120).mean() == pytest.approx(0.75, abs=0.08)


@pytest.mark.parametrize("size", [(16, 16), (16, 80), (17, 40), (100, 20)])
def test_small_pictures_have_cells(size: tuple[int, int]) -> None:
    probability = np.full(size, 1 / np.prod(size))
    corners = stratified_corners(probability, 30, np.random.RandomState(0))
    assert corners.shape == (30, 2)
    assert (corners >= 0).all()
    assert (corners <= np.array(size) - 16).all()


def test_corrected_counts_sum_to_what_was_asked() -> None:
    probability = np.random.RandomState(0).rand(128, 128) ** 4
    cells = cells_of(probability / probability.sum(), 100)
    counts = first_counts(cells, 100)
    assert counts.sum() > 100
    fitted = corrected(counts, cells.shares, 100, np.random.RandomState(0))
    assert fitted.sum() == 100
    assert fitted.min() >= 0
