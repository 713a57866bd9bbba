import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.strict_json import from_json, json_text, noted, restored

NUMBERS = st.none() | st.floats(allow_nan=False)
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


def test_a_note_of_its_own_stays_behind_ours():
    record = {"statistic": math.inf, "note": "few pictures"}
    assert noted(record) == {"statistic": None, "note": "statistic infinite; few pictures"}
    assert restored(noted(record)) == record


@pytest.mark.parametrize("note", ["few pictures", "infinite", "other infinite", "", None, 3])
def test_a_note_of_somebody_else_is_left_as_it_is(note: object):
    record = {"value": None, "note": note}
    assert restored(dict(record)) == record


@pytest.mark.parametrize("text", ['{"score": 1e999}', '{"score": Infinity}', '{"score": null, "note": "infinite"}'])
def test_every_way_in_which_infinity_was_written_is_read(text: str):
    assert from_json(text) == {"score": math.inf}


def test_nan_is_null_without_a_note():
    assert strictly(json_text({"score": math.nan, "rows": [math.nan]})) == {"score": None, "rows": [None]}
