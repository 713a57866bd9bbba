from collections.abc import Sequence

from acutance.errors import EvaluationError
from acutance.evaluation.measure import ImageKey
from acutance.evaluation.score_files import join
from acutance.scoring.rows import ScoreRow
from tests.raising import raises


def line(image: str, reference: str | None, score: float) -> ScoreRow:
    return ScoreRow(image=image, reference=reference, model="m", score=score)


def lines(*names: str, reference: str | None = None) -> list[ScoreRow]:
    return [line(name, reference, float(place)) for place, name in enumerate(names)]


def scores(names: list[str], keys: Sequence[ImageKey]) -> dict[str, float | None]:
    return {image: row.score for (image, _), row in join(lines(*names), keys, "a file")[0].items()}


def test_lines_are_joined_by_name_whatever_their_order():
    keys = [("images/a.png", None), ("images/b.png", None), ("images/c.png", None)]
    assert scores(["c.png", "/x/images/a.png", "images/b.png"], keys) == {
        "images/c.png": 0.0,
        "images/a.png": 1.0,
        "images/b.png": 2.0,
    }


def test_a_line_without_a_picture_is_a_stray():
    _, strays = join(lines("a.png", "z.png"), [("a.png", None)], "a file")
    assert [one.image for one in strays] == ["z.png"]


def test_two_lines_for_a_picture_are_refused():
    with raises(EvaluationError, "i/a.png", "a.png", "/x/a.png"):
        join(lines("a.png", "/x/a.png"), [("i/a.png", None)], "a file")


def test_a_picture_beside_two_references_is_told_by_its_reference():
    keys: list[ImageKey] = [("a.png", "refs/r.png"), ("a.png", "refs/s.png"), ("a.png", None)]
    found, strays = join(
        [line("a.png", "/x/s.png", 1.0), line("a.png", None, 2.0), line("a.png", "q.png", 3.0)],
        keys,
        "a file",
    )
    assert {key: row.score for key, row in found.items()} == {keys[1]: 1.0, keys[2]: 2.0}
    assert [row.reference for row in strays] == ["q.png"]


def test_a_line_beside_the_reference_of_another_picture_is_a_stray():
    keys: list[ImageKey] = [("a.png", "r.png"), ("b.png", "s.png"), ("c.png", None)]
    swapped = [line("a.png", "s.png", 1.0), line("b.png", "elsewhere.png", 2.0)]
    found, strays = join([*swapped, line("c.png", "r.png", 3.0)], keys, "a file")
    assert {key: row.score for key, row in found.items()} == {keys[1]: 2.0, keys[2]: 3.0}
    assert [row.image for row in strays] == ["a.png"]


def test_a_line_without_reference_means_every_place_of_its_picture():
    keys: list[ImageKey] = [("a.png", "r.png"), ("a.png", "s.png")]
    twice = [line("a.png", None, 2.0)] * 2  # as a no-reference model scores such a table
    assert {key: row.score for key, row in join(twice, keys, "a file")[0].items()} == dict.fromkeys(keys, 2.0)


def test_the_reference_of_a_line_does_not_matter_where_a_picture_stands_once():
    found, _ = join(lines("a.png", reference="anything.png"), [("a.png", "r.png")], "a file")
    assert list(found) == [("a.png", "r.png")]
