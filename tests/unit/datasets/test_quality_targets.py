import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acutance.datasets.targets import fit_quality_targets
from acutance.errors import DatasetError
from acutance.types import Better
from tests.raising import raises

DIRECTIONS: tuple[Better, Better] = ("higher", "lower")


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "vtamiq.json"
    return dict(json.loads(path.read_text())["scores"])


def test_the_authors_curve_comes_out(golden: dict[str, Any]):
    fitted = fit_quality_targets(np.array(golden["mos"]))
    assert fitted.curve == pytest.approx(golden["fit_parameters"], abs=1e-5)


def test_the_authors_targets_come_out(golden: dict[str, Any]):
    scores = np.array(golden["mos"])
    expected = golden["tid_style_normalise_linearise_reverse"]
    np.testing.assert_allclose(fit_quality_targets(scores)(scores), expected, atol=1e-6)


def test_without_the_curve_scores_are_stretched_and_turned(golden: dict[str, Any]):
    scores = np.array(golden["mos"])
    found = fit_quality_targets(scores, linearise=False)(scores)[:4]
    np.testing.assert_allclose(found, golden["normalise_reverse_only_first4"], atol=1e-9)


def test_the_version_of_2021_comes_out(golden: dict[str, Any]):
    scores = np.array(golden["mos"])
    found = fit_quality_targets(scores, version="2021")(scores)[:8]
    np.testing.assert_allclose(found, golden["paper2021_normalise_reverse_linearise_first8"], atol=1e-5)


def test_the_best_has_0_and_the_worst_1_in_either_direction(golden: dict[str, Any]):
    scores = np.array(golden["mos"])
    higher, lower = (fit_quality_targets(scores, better=better)(scores) for better in DIRECTIONS)
    for targets, best in ((higher, scores.argmax()), (lower, scores.argmin())):
        assert targets.argmin() == best
        assert [targets.min(), targets.max()] == pytest.approx([0, 1])


def test_targets_are_closer_to_uniform_than_scores(golden: dict[str, Any]):
    scores = np.array(golden["mos"]) ** 3
    uniform = np.linspace(0, 1, len(scores))
    linear, curved = (np.sort(fit_quality_targets(scores, linearise=bent)(scores)) for bent in (False, True))
    assert np.abs(curved - uniform).max() < 0.5 * np.abs(linear - uniform).max()


def test_scores_that_are_all_equal_have_no_targets():
    with raises(DatasetError, 2, 2):
        fit_quality_targets(np.full(9, 2.0))


def test_too_few_scores_for_the_curve_are_only_stretched():
    scores = np.array([1.0, 2.0, 5.0])
    np.testing.assert_allclose(fit_quality_targets(scores)(scores), [1, 0.75, 0])
