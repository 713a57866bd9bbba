import math

import numpy as np
import pytest

from acutance.comparison.measure import CompleteScores, notes_of
from tests.raising import lacking
from tests.unit.comparison.fakes import complete

INF = math.inf


def notes(*scores: CompleteScores, pictures: int | None = None) -> list[str]:
    by_model = {one.model: one for one in scores}
    return notes_of(by_model, scores[0].methods, len(scores[0].images) if pictures is None else pictures)


def test_usual_scores_need_no_note():
    assert notes(complete([[1.0, 2.0], [2.0, 1.0]])) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0], [2.0]], ("blur",)),
        ([[1.0, 2.0]], ()),
        ([[1.0, 1.0], [2.0, 2.0]], ("psnr",)),
        ([[INF, 31.0], [30.0, 32.0]], ("psnr", 1)),
    ],
)
def test_what_is_unusual_is_told_in_one_line(values: list[list[float]], words: tuple[object, ...]):
    (note,) = notes(complete(values))
    assert not lacking(note, *words)
    assert "\n" not in note


def test_scores_that_are_all_infinite_are_told():
    assert "psnr: every score is infinite" in notes(complete([[INF, INF], [INF, INF]]))


def test_infinite_scores_of_both_signs_give_no_order_by_means():
    psnr = complete([[INF, 1.0], [-INF, 2.0]], model="psnr")
    other = complete([[1.0, 2.0], [1.0, 2.0]], model="vsi")
    assert not [note for note in notes(psnr, other) if "vsi" in note]


def test_how_many_pictures_count_is_told_where_some_failed():
    scores = complete([[1.0, 2.0], [2.0, 1.0]])
    assert notes(scores, pictures=3) == [
        "psnr: 2 of 3 pictures have a score by every method; all numbers are over them"
    ]
    empty = CompleteScores("psnr", "higher", ("a", "b"), (), np.zeros((0, 2)))
    assert notes(empty, pictures=3) == ["psnr: no picture has a score for every method, so there are no numbers"]


def test_models_that_order_all_methods_oppositely_are_told():
    psnr = complete([[1.0, 2.0, 3.0], [1.0, 3.0, 5.0]], model="psnr")
    same = complete([[0.1, 0.2, 0.3], [0.1, 0.3, 0.5]], model="gmsd", better="lower")
    other = complete([[3.0, 2.0, 1.0], [4.0, 5.0, 1.0]], model="vsi")
    assert notes(psnr, same) == ["psnr and gmsd order the methods oppositely: ours > noise > blur by psnr"]
    assert notes(psnr, other) == []
