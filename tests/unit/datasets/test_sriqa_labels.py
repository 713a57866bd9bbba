import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acutance.datasets.sriqa import mos_from_counts, mos_of, read_pairwise_labels
from acutance.errors import DatasetError
from tests.raising import raises


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "afine.json"
    return dict(json.loads(path.read_text())["training_units"]["mos_from_counts"])


def write_pair(folder: Path, person: str, first: tuple[str, str], second: tuple[str, str]) -> Path:
    """One label in the published layout: each image has its word."""
    content = first[0].split("_")[0]
    path = folder / person / content / f"{first[0]}_{second[0]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    images = {
        f"Picture_0{place}": {"Name": f"{name}.png", "Label": label}
        for place, (name, label) in enumerate((first, second), start=1)
    }
    path.write_text(json.dumps(images))
    return path


def test_labels_of_all_people_are_counted_and_equals_count_for_both(tmp_path: Path):
    write_pair(tmp_path, "p1", ("a_X", "Positive"), ("a_Y", "Negative"))
    write_pair(tmp_path, "p2", ("a_Y", "Similar"), ("a_X", "Similar"))
    write_pair(tmp_path, "p3", ("a_X", "Negative"), ("a_Y", "Similar"))
    found = read_pairwise_labels(tmp_path)["a"]
    assert found.names == ["a_X", "a_Y"]
    np.testing.assert_array_equal(found.counts, [[0, 2], [2, 0]])  # X: p1, p2; Y: p2, p3


def test_scores_run_from_100_to_0_best_first(tmp_path: Path):
    order = ["a_Original", "a_SeeSRx4", "a_BSRGANx4"]
    for person in ("p1", "p2"):
        for better, worse in combinations(order, 2):
            write_pair(tmp_path, person, (better, "Positive"), (worse, "Negative"))
    scores = mos_of(read_pairwise_labels(tmp_path)["a"])
    assert list(scores) == order
    assert (scores["a_Original"], scores["a_BSRGANx4"]) == (100, 0)
    assert scores["a_SeeSRx4"] == pytest.approx(50, abs=1e-6)


def test_progress_counts_files(tmp_path: Path):
    write_pair(tmp_path, "p1", ("a_X", "Positive"), ("a_Y", "Negative"))
    write_pair(tmp_path, "p1", ("b_X", "Positive"), ("b_Y", "Negative"))
    seen: list[tuple[int, int]] = []
    assert list(read_pairwise_labels(tmp_path, on_progress=lambda done, all_: seen.append((done, all_)))) == ["a", "b"]
    assert seen == [(1, 2), (2, 2)]


def test_a_content_that_one_person_lacks_is_named(tmp_path: Path):
    write_pair(tmp_path, "p1", ("a_X", "Positive"), ("a_Y", "Negative"))
    write_pair(tmp_path, "p2", ("b_X", "Positive"), ("b_Y", "Negative"))
    with raises(DatasetError, "a", "p1", "p2"):
        read_pairwise_labels(tmp_path)


def test_a_pair_of_one_picture_is_an_error(tmp_path: Path):
    write_pair(tmp_path, "p1", ("a_X", "Positive"), ("a_X", "Negative"))
    with raises(DatasetError, "SRIQA-Bench", "a_X_a_X.json", "a_X"):
        read_pairwise_labels(tmp_path)


@pytest.mark.parametrize("place", [1, 2])
def test_an_image_without_a_name_names_the_file(tmp_path: Path, place: int):
    path = write_pair(tmp_path, "p1", ("a_X", "Positive"), ("a_Y", "Negative"))
    labels = json.loads(path.read_text())
    del labels[f"Picture_0{place}"]["Name"]
    path.write_text(json.dumps(labels))
    with raises(DatasetError, f"Picture_0{place}.Name", "SRIQA-Bench", "a_X_a_Y.json"):
        read_pairwise_labels(tmp_path)


def test_a_content_without_labels_is_an_error(tmp_path: Path):
    (tmp_path / "p1" / "a").mkdir(parents=True)
    with raises(DatasetError, "SRIQA-Bench"):
        read_pairwise_labels(tmp_path)


def test_another_word_names_the_file(tmp_path: Path):
    write_pair(tmp_path, "p1", ("a_X", "Better"), ("a_Y", "Negative"))
    with raises(DatasetError, "Picture_01.Label", "SRIQA-Bench", "a_X_a_Y.json", "Better"):
        read_pairwise_labels(tmp_path)


def test_the_authors_scores_come_out_within_the_tolerance_of_their_solver(golden: dict[str, Any]):
    scores = mos_from_counts(np.array(golden["C"]))
    np.testing.assert_allclose(scores, golden["mos_seed0"], atol=golden["spread_over_seeds"])


def test_one_sided_labels_have_a_finite_maximum():
    scores = mos_from_counts(np.array([[0.0, 1000.0, 1000.0], [0.0, 0.0, 1000.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(scores, [100, 50, 0], atol=1e-6)


def test_the_order_of_pictures_does_not_matter():
    counts = np.array([[0.0, 7.0, 9.0], [4.0, 0.0, 6.0], [1.0, 5.0, 0.0]])
    order = [2, 0, 1]
    np.testing.assert_allclose(mos_from_counts(counts[np.ix_(order, order)]), mos_from_counts(counts)[order], atol=1e-8)


def test_labels_that_prefer_nothing_give_no_scores():
    with raises(DatasetError, 3):
        mos_from_counts(np.ones((3, 3)))
