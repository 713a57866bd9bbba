from acutance.datasets.comparisons import Comparison, belonging, located
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of

TABLE = table_of(
    rated("distorted_images/I01_01_1.bmp", reference="reference_images/I01.BMP"),
    rated("distorted_images/i01_01_2.bmp", reference="reference_images/I01.BMP"),
    name="tid2013",
)


def test_names_are_found_whatever_their_folder_and_case():
    pair = Comparison("i01_01_1.bmp", "I01_01_2.BMP", "i01.bmp", 1.0)
    expected = Comparison(
        "distorted_images/I01_01_1.bmp", "distorted_images/i01_01_2.bmp", "reference_images/I01.BMP", 1.0
    )
    assert located([pair], TABLE) == [expected]


def test_a_reference_that_the_list_calls_png_is_found():
    pair = Comparison("i01_01_1.bmp", "i01.png", "i01.png", 1.0)
    assert located([pair], TABLE)[0].second == "reference_images/I01.BMP"


def test_a_path_of_the_table_is_taken_as_it_is():
    rows = table_of(rated("a/x.png", reference="r.png"), rated("b/x.png", reference="r.png"))
    pair = Comparison("a/x.png", "b/x.png", "r.png", 1.0)
    assert located([pair], rows) == [pair]


def test_a_name_that_two_pictures_have_is_an_error():
    rows = table_of(rated("a/x.png", reference="r.png"), rated("b/x.png", reference="r.png"))
    with raises(DatasetError, "fake", "x.png", "a/x.png", "b/x.png"):
        located([Comparison("x.png", "r.png", "r.png", 1.0)], rows)


def test_a_name_that_no_picture_has_is_an_error():
    with raises(DatasetError, "tid2013", "i02.bmp"):
        located([Comparison("i02.bmp", "i01.bmp", "i01.bmp", 1.0)], TABLE)


def test_only_pairs_of_the_tables_references_belong_to_it():
    pairs = [Comparison("a", "b", "i01.png", 1.0), Comparison("a", "b", "i02.png", 1.0)]
    assert belonging(pairs, TABLE) == pairs[:1]
