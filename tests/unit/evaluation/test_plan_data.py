from pathlib import Path

import numpy as np
import pytest

from acutance.datasets.splits import split_table, write_split
from acutance.datasets.table import RatedImage
from acutance.errors import EvaluationError
from acutance.evaluation.data import plan_data
from acutance.evaluation.measure import EvaluationOptions
from acutance.evaluation.protocols import Prepared, Protocol
from acutance.scoring.rows import ScoreRow
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, rated, table_of
from tests.unit.evaluation.planning import planned


def beside(table, options, on_progress=None) -> Prepared:
    """Needs the second image and, beside itself, the reference."""
    reference = table.rows[1].reference
    return Prepared([(table.rows[1].image, reference), (reference, reference)])


BESIDE = Protocol("beside", "A test.", beside)


def test_pictures_are_named_by_their_paths_below_the_root(tmp_path: Path):
    data = planned(table_of(rated("i/a.png", reference="r.png"), rated("i/b.png"), root=tmp_path))
    pairs = data.pairing().pairs
    assert [pair.image.name for pair in pairs] == ["i/a.png", "i/b.png"]
    assert [Path(pair.image.source) for pair in pairs] == [tmp_path / "i/a.png", tmp_path / "i/b.png"]
    assert [pair.reference.name if pair.reference else None for pair in pairs] == ["r.png", None]


def test_pictures_of_one_reference_share_it():
    first, second = planned(full_reference(1, 2)).pairing().pairs
    assert first.reference is second.reference


def test_only_what_the_protocol_needs_is_evaluated_and_more_than_the_table_has():
    data = plan_data(full_reference(1, 3), BESIDE, EvaluationOptions())
    assert [(row.image, row.mos) for row in data.table] == [("images/r000_1.png", 1.0), ("images/r000.bmp", None)]


def test_a_picture_that_is_rated_twice_is_refused():
    with raises(EvaluationError, "fake", 1, "a.png"):
        planned(table_of(rated("a.png"), rated("b.png"), rated("a.png")))
    assert len(planned(table_of(rated("a.png", reference="r.png"), rated("a.png", reference="s.png"))).table) == 2


def test_a_split_is_evaluated_on_its_test_part(tmp_path: Path):
    table = full_reference(10, 2)
    split = split_table(table, "vtamiq")
    write_split(tmp_path / "s.json", split)
    data = plan_data(table, BESIDE, EvaluationOptions(), {"fake": tmp_path / "s.json"})
    assert data.part == "test"
    assert {row.reference for row in data.table} <= set(split.test)
    assert planned(table, "all").part == "all"


def test_the_whole_data_set_is_taken_without_part_or_split():
    assert (planned(full_reference(2, 2)).part, len(planned(full_reference(2, 2)).table)) == ("all", 4)


def test_what_was_said_becomes_one_value_a_row():
    data = planned(table_of(rated("a"), rated("b"), rated("c")))
    data.better["m"] = "lower"
    failed = ScoreRow(image="b", reference=None, model="m", error="no such file")
    data.rows["m"] = {("b", None): failed, ("a", None): ScoreRow(image="a", reference=None, model="m", score=0.5)}
    inputs = data.scored("m", EvaluationOptions())
    np.testing.assert_array_equal(inputs.scores, [0.5, np.nan, np.nan])
    assert list(inputs.errors)[:2] == [None, "no such file"]
    assert inputs.errors[2]
    assert inputs.better == "lower"
    assert data.scores("m") == {("a", None): 0.5, ("b", None): None}


@pytest.mark.parametrize(("rows", "found"), [([rated("a")], False), ([rated("a"), rated("b", reference="r")], True)])
def test_a_data_set_with_one_reference_has_references(rows: list[RatedImage], *, found: bool):
    assert planned(table_of(*rows)).has_references == found
