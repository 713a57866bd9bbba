"""What a model looks at as a figure."""

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from acutance.models.patches import SeenPatches, joined_patches, seen_patches
from acutance.reports.plots.canvas import figure_png
from acutance.reports.plots.patches import counts_of, patches_figure

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
FINE = seen_patches([(0, 0), (0, 0), (44, 64), (20, 7)], 16, (60, 80), (60, 80))
COARSE = seen_patches([(3, 5)], 16, (60, 80), (60, 80), scale=1)
BOTH = joined_patches([FINE, COARSE])


def test_pixels_are_counted_in_every_patch_that_holds_their_middle():
    boxes = np.array([[0, 0, 16, 16], [0.4, 0.6, 10, 20.2], [50.5, 70, 9.5, 10], [0, 0, 60, 80]])
    expected = np.zeros((60, 80), dtype=int)
    for row in range(60):
        for column in range(80):
            top, left, height, width = boxes.T
            inside = (top <= row + 0.5) & (row + 0.5 < top + height) & (left <= column + 0.5)
            expected[row, column] = (inside & (column + 0.5 < left + width)).sum()
    np.testing.assert_array_equal(counts_of(SeenPatches(boxes, np.zeros(4, dtype=int)), 60, 80), expected)


@pytest.mark.parametrize(("kind", "panels"), [("both", 3), ("outlines", 2), ("heat", 1)])
def test_every_scale_has_a_panel_and_the_counts_another(kind: Any, panels: int):
    figure = patches_figure(PICTURE, BOTH, "m", kind=kind)
    assert len([axes for axes in figure.axes if axes.get_title(loc="left")]) == panels


def test_outlines_are_the_boxes_of_their_scale():
    fine, coarse = patches_figure(PICTURE, BOTH, "m", kind="outlines").axes
    for axes, seen in ((fine, FINE), (coarse, COARSE)):
        (lines,) = (one for one in axes.collections if isinstance(one, PolyCollection))
        drawn = [path.get_extents().bounds for path in lines.get_paths()]
        np.testing.assert_allclose(drawn, seen.boxes[:, [1, 0, 3, 2]])
        assert axes.get_ylim() == (60, 0)
        assert axes.get_xlim() == (0, 80)


def test_the_map_says_how_often_pixels_are_seen_and_how_many_never():
    (heat, *_) = patches_figure(PICTURE, FINE, "m", kind="heat").axes
    counts = counts_of(FINE, 60, 80)
    np.testing.assert_array_equal(heat.images[0].get_array(), counts)
    title = heat.get_title(loc="left")
    assert "2 times" in title
    assert f"{100 * (counts == 0).mean():.3g} %" in title


def test_pixels_that_are_all_seen_once_are_called_so():
    once = seen_patches([(0, 0)], 16, (16, 16), (16, 16))
    (heat, *_) = patches_figure(PICTURE[:16, :16], once, "m", kind="heat").axes
    assert "once" in heat.get_title(loc="left")


@pytest.mark.parametrize("picture", [PICTURE, PICTURE.astype(np.uint16) * 257, (PICTURE / 255).astype(np.float32)])
def test_pictures_of_any_depth_look_the_same(picture: np.ndarray):
    shown = np.asarray(patches_figure(picture, FINE, "m", kind="outlines").axes[0].images[0].get_array())
    grey = PICTURE.mean(2, keepdims=True) / 255
    np.testing.assert_allclose(shown, np.repeat(0.6 * grey + 0.4, 3, axis=2), atol=1e-6)


def test_equal_patches_give_equal_bytes():
    first, again = (figure_png(patches_figure(PICTURE, BOTH, "m"), 40) for _ in range(2))
    assert first == again
