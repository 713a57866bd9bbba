import csv
import json

from acutance.evaluation.results import COLUMNS, printed_lines, result_rows, results_csv
from tests.unit.evaluation.runs import evaluation_like


def rows_of(lines) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(lines).splitlines()))


def test_a_line_for_all_then_groups_then_numbers_of_the_protocol():
    rows = rows_of(results_csv([evaluation_like()]))
    assert [(row["by"], row["group"]) for row in rows] == [
        ("all", ""),
        ("level", "1"),
        ("protocol", "accuracy"),
        ("protocol", "pairs"),
        ("protocol", "accuracy_low"),
    ]
    assert [row["value"] for row in rows] == ["", "", "0.75", "4", ""]


def test_counts_of_failed_and_unrated_stand_beside_the_numbers():
    (row, *_) = rows_of(results_csv([evaluation_like()]))
    assert (row["count"], row["failed"], row["unrated"], row["clipped"]) == ("3", "1", "1", "1")
    assert (row["srcc"], row["srcc_low"], row["srcc_high"]) == ("0.9", "0.7", "0.99")
    assert (row["curve"], row["problem"]) == ("linear", "a problem")
    assert (row["outlier_ratio"], row["krcc_low"]) == (repr(1 / 3), "")


def test_every_cell_belongs_to_a_column():
    assert all(set(row) <= set(COLUMNS) for row in result_rows(evaluation_like()))


def test_groups_are_printed_when_asked_for():
    plain = rows_of(printed_lines([evaluation_like()], None, as_json=False))
    assert "level" not in {row["by"] for row in plain}
    assert {row["by"] for row in rows_of(printed_lines([evaluation_like()], "level", as_json=False))} == {
        "all",
        "level",
        "protocol",
    }


def test_json_is_one_array_with_the_same_rows():
    listed = json.loads("".join(printed_lines([evaluation_like()], "level", as_json=True)))
    assert [row["by"] for row in listed] == ["all", "level", "protocol", "protocol", "protocol"]
    assert (listed[0]["srcc"], listed[1]["srcc"], listed[0]["failed"]) == (0.9, None, 1)
