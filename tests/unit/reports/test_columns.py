from acutance.comparison.results import DISAGREEMENT_COLUMNS, METHOD_COLUMNS, TEST_COLUMNS
from acutance.evaluation.results import COLUMNS, STATISTICS, ModelTest
from acutance.reports import columns
from tests.fakes.report_results import comparison


def test_statistics_are_those_of_the_csv_file_in_its_order():
    assert tuple(column.name for column in columns.STATISTICS) == STATISTICS
    assert {column.name for column in columns.AGREEMENTS} - set(COLUMNS) == {
        "note"
    }  # problem, curve and clipped in one


def test_columns_are_named_as_the_fields_that_the_csv_files_have(tmp_path):
    made = comparison(tmp_path)
    assert {column.name for column in columns.method_columns(made)} <= set(METHOD_COLUMNS)
    assert {column.name for column in columns.method_test_columns(made.tests)} <= set(TEST_COLUMNS)
    assert {column.name for column in columns.DISAGREEMENTS} == set(DISAGREEMENT_COLUMNS)
    assert {column.name for column in columns.MODEL_TESTS} == set(ModelTest.model_fields)


def test_columns_are_chosen_by_name_in_any_order():
    assert [column.title for column in columns.chosen(columns.MODEL_TESTS, "second first")] == ["Second", "First"]
