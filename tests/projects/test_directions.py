"""Directions along which a label changes."""

import pytest
import torch

from projects.afine_tiny.directions import kernel_directions
from tests.raising import raises


def samples(count: int = 600, inputs: int = 12) -> torch.Tensor:
    return torch.randn(count, inputs, generator=torch.Generator().manual_seed(0))


def test_the_strongest_direction_is_the_one_along_which_the_label_changes():
    known, wanted = samples(), torch.zeros(12)
    wanted[[2, 7]] = torch.tensor([0.8, -0.6])
    found = kernel_directions(known, torch.tanh(known @ wanted), 3)
    assert abs(float(found[0] / found[0].norm() @ wanted)) > 0.98
    assert bool((found.norm(dim=1).diff() <= 0).all())


def test_what_the_label_does_not_depend_on_counts_less():
    known = samples()
    found = kernel_directions(known, known[:, 0] * known[:, 1], 12)
    counts = found.square().sum(0)
    assert counts[:2].min() > 3 * counts[2:].max()


def test_the_first_two_directions_hold_a_product_of_two_inputs():
    known = samples(1500)
    found = kernel_directions(known, known[:, 0] * known[:, 1], 2)
    shares = found[:, :2].square().sum() / found.square().sum()
    assert shares > 0.95


def test_projections_have_a_root_mean_square_of_one():
    known = samples() * 7
    seen = known @ kernel_directions(known, known[:, 3], 5).T
    assert float(seen.square().mean().sqrt()) == pytest.approx(1, rel=1e-4)


def test_other_units_of_the_label_find_the_same_directions():
    known = samples()
    labels = known[:, 0].abs()
    ours, theirs = kernel_directions(known, labels, 2), kernel_directions(known, 40 * labels + 3, 2)
    torch.testing.assert_close(ours.T @ ours, theirs.T @ theirs, rtol=1e-3, atol=1e-3)  # signs are free


def test_of_many_samples_some_stand_for_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projects.afine_tiny.directions.LARGEST_SET", 300)
    known, wanted = samples(3000), torch.zeros(12)
    wanted[4] = 1
    found = kernel_directions(known, known @ wanted, 1)
    assert abs(float(found[0] / found[0].norm() @ wanted)) > 0.95


def test_inputs_that_never_change_leave_finite_directions():
    found = kernel_directions(torch.zeros(20, 4), torch.arange(20.0), 2)
    assert bool(found.isfinite().all())


def test_more_directions_than_inputs_are_refused():
    with raises(ValueError, 12, 13):
        kernel_directions(samples(), samples()[:, 0], 13)
