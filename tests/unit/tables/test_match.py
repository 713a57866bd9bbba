import pytest

from acutance.tables.match import PathIndex


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("images/a.png", "images/a.png"),
        ("./images/a.png", "images/a.png"),
        ("/other/place/images/a.png", "images/a.png"),
        ("C:\\sets\\images\\a.png", "images/a.png"),
        ("a.png", "images/a.png"),
        ("/elsewhere/a.png", "images/a.png"),
        ("b.png", None),
        ("images/b.png", "images/b.png"),
        ("more/b.png", "more/b.png"),
        ("A.png", None),
        ("", None),
    ],
)
def test_a_path_is_found_by_its_end_or_by_a_file_name_of_which_there_is_one(name: str, found: str | None):
    assert PathIndex(["images/a.png", "images/b.png", "more/b.png"]).by_end(name) == found


def test_the_longest_path_wins():
    assert PathIndex(["b.png", "a/b.png"]).by_end("/x/a/b.png") == "a/b.png"
    assert PathIndex(["b.png", "a/b.png"]).by_end("/x/b.png") == "b.png"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("A.PNG", ["x/a.png"]),
        ("elsewhere/a.bmp", ["x/a.png"]),
        ("b.png", ["x/b.png", "y/b.png"]),
        ("y/b.png", ["y/b.png"]),
        ("z/B.png", ["x/b.png", "y/b.png"]),
        ("c.png", []),
    ],
)
def test_a_name_means_paths_whatever_their_folder_and_case_and_any_ending_where_its_own_is_not_there(
    name: str, found: list[str]
):
    assert PathIndex(["x/a.png", "x/b.png", "y/b.png"]).by_name(name) == found


def test_an_ending_counts_where_a_path_has_it():
    assert PathIndex(["a.png", "a.bmp"]).by_name("A.bmp") == ["a.bmp"]
    assert PathIndex(["a.png", "a.bmp"]).by_stem("A.jpg") == ["a.png", "a.bmp"]
