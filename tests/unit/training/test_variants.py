"""Flips and transposes of A-FINE's training."""

import numpy as np

from acutance.training.systems.afine import VARIANTS, draw_variant, varied

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def test_the_eight_variants_of_a_picture_all_differ():
    seen = {(varied(PIXELS, variant).shape, varied(PIXELS, variant).tobytes()) for variant in range(VARIANTS)}
    assert len(seen) == 8


def test_a_picture_is_flipped_before_it_is_transposed():
    assert np.array_equal(varied(PIXELS, 1), PIXELS[:, ::-1])
    assert np.array_equal(varied(PIXELS, 2), PIXELS[::-1])
    assert np.array_equal(varied(PIXELS, 5), PIXELS[:, ::-1].transpose(1, 0, 2))


def test_a_variant_is_a_copy_that_may_be_changed():
    fixed = PIXELS.copy()
    fixed.setflags(write=False)
    for variant in range(VARIANTS):
        changed = varied(fixed, variant)
        changed[:] = 0
    assert np.array_equal(fixed, PIXELS)


def test_each_choice_is_made_half_of_the_time_and_on_its_own():
    generator = np.random.default_rng(0)
    drawn = np.bincount([draw_variant(generator) for _ in range(8000)], minlength=8)
    assert drawn.min() > 900
    assert drawn.max() < 1100
