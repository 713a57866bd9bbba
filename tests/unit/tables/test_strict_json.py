import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.tables.strict_json import from_json, json_text, noted, restored
from tests.raising import raises

NUMBERS = st.none() | st.floats(allow_nan=False)
LISTS = st.recursive(NUMBERS, lambda inside: st.lists(inside, max_size=3), max_leaves=6)
RECORDS_WITH_LISTS = st.dictionaries(
    st.sampled_from(["score", "predicted", "a", "a[0]", "a infinite, b", "b", '"b"', ""]), LISTS
)
RECORDS = st.dictionaries(st.text(), NUMBERS).filter(lambda record: "note" not in record)


def strictly(text: str) -> Any:
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@given(RECORDS)
def test_any_record_comes_back_whatever_its_names(record: dict[str, float | None]):
    assert restored(noted(record)) == record
    assert from_json(json_text(record)) == record
    assert math.inf not in strictly(json_text(record)).values()


@given(RECORDS)
def test_infinities_in_nested_records_come_back(record: dict[str, float | None]):
    value = {"rows": [record, {"inside": record}], "note": "of its own"}
    assert from_json(json_text(value)) == value


@given(RECORDS_WITH_LISTS, st.none() | st.sampled_from(["", "b infinite", "a infinite; infinite", "few images"]))
def test_infinities_in_lists_come_back_and_a_note_of_its_own_is_none_of_ours(record: dict[str, Any], note: str | None):
    if note is not None and math.inf in record.values():
        record = {**record, "note": note}
    assert restored(noted(record)) == record
    assert from_json(json_text(record)) == record


@pytest.mark.parametrize(
    ("record", "note"),
    [
        ({"score": None, "predicted": math.inf}, "predicted infinite"),
        ({"predicted": -math.inf, "score": math.inf}, "predicted -infinite, infinite"),
        ({"predicted": math.inf, "score": 1.0}, "infinite"),
        ({"predicted": -math.inf}, "-infinite"),
        ({"curve": [1.0, None, math.inf], "score": [-math.inf]}, "curve[2] infinite, score[0] -infinite"),
        ({"curve": [[0.0], [1.0, -math.inf]]}, "curve[1][1] -infinite"),
        ({"curve[0]": math.inf, "curve": [None]}, '"curve[0]" infinite'),
    ],
)
def test_every_infinite_number_is_named_but_one(record: dict[str, Any], note: str):
    assert strictly(json_text(record))["note"] == note
    assert from_json(json_text(record)) == record


@pytest.mark.parametrize("value", [math.inf, [1.0, -math.inf], [[math.inf], {"a": 1.0}]])
def test_an_infinite_number_outside_of_records_is_an_error(value: object):
    with raises(ValueError, "-inf" if "-inf" in str(value) else "inf"):
        json_text(value)


def test_a_note_of_its_own_stays_behind_ours():
    record = {"statistic": math.inf, "note": "few images"}
    assert noted(record) == {"statistic": None, "note": "statistic infinite; few images"}
    assert restored(noted(record)) == record


@pytest.mark.parametrize("note", ["few images", "infinite", "other infinite", "", None, 3])
def test_a_note_of_somebody_else_is_left_as_it_is(note: object):
    record = {"value": None, "note": note}
    assert restored(dict(record)) == record


@pytest.mark.parametrize("text", ['{"score": 1e999}', '{"score": Infinity}', '{"score": null, "note": "infinite"}'])
def test_every_way_in_which_infinity_was_written_is_read(text: str):
    assert from_json(text) == {"score": math.inf}


def test_nan_is_null_without_a_note():
    assert strictly(json_text({"score": math.nan, "rows": [math.nan]})) == {"score": None, "rows": [None]}


def test_lists_too_deep_within_lists_are_no_json():
    with pytest.raises(ValueError, match="deep"):
        from_json("[" * 100_000)
