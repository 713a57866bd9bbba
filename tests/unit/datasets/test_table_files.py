from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acutance.datasets.table import COLUMNS, OpinionTable, RatedImage, read_table, write_table
from acutance.errors import DatasetError, MissingExtraError, UnknownNameError
from tests.raising import raises

both_formats = pytest.mark.parametrize("ending", [".csv", ".parquet"])

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
wholes = st.none() | st.integers(-(2**63), 2**63 - 1)
rated_pictures = st.builds(
    RatedImage,
    image=texts,
    reference=st.none() | texts,
    mos=numbers,
    mos_std=numbers,
    num_votes=wholes,
    better=st.sampled_from(["higher", "lower"]),
    low=numbers,
    high=numbers,
    distortion=st.none() | texts,
    level=wholes,
    scene=st.none() | texts,
    split=st.sampled_from([None, "train", "validation", "test"]),
)


def table_of(*rows: RatedImage) -> OpinionTable:
    return OpinionTable(rows, Path("/data"), "fake")


@both_formats
@given(rows=st.lists(rated_pictures, max_size=5))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_back_the_same(tmp_path: Path, ending: str, rows: list[RatedImage]):
    path = tmp_path / f"t{ending}"
    write_table(table_of(*rows), path)
    assert read_table(path).rows == rows


@both_formats
def test_paths_start_in_the_folder_of_the_file_unless_a_root_is_named(tmp_path: Path, ending: str):
    path = tmp_path / f"opinions{ending}"
    write_table(table_of(RatedImage(image="a/b.png")), path)
    assert read_table(path).path("a/b.png") == tmp_path / "a/b.png"
    assert read_table(path, "/elsewhere").path("a/b.png") == Path("/elsewhere/a/b.png")
    assert read_table(path).name == "opinions"


def test_a_csv_file_has_a_header_empty_cells_and_the_shortest_digits(tmp_path: Path):
    write_table(table_of(RatedImage(image="a, b.png", mos=0.1, low=0.0, num_votes=3)), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == f'{",".join(COLUMNS)}\n"a, b.png",,0.1,,3,higher,0.0,,,,,\n'


@both_formats
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / f"t{ending}"
    write_table(table_of(RatedImage(image="old.png")), path)

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with raises(DatasetError, path, "No space left on device"):
        write_table(table_of(RatedImage(image="new.png")), path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert read_table(path).rows[0].image == "old.png"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a.png,,x,,,higher,,,,,,", ("t.csv", 2, "mos", "x")),
        ("a.png,,1,,2.5,higher,,,,,,", ("t.csv", 2, "num_votes", 2.5)),
        ("a.png,,1,,,up,,,,,,", ("t.csv", 2, "better", "up")),
        ("a.png,,1,,,higher,,,,,,val", ("t.csv", 2, "split", "val")),
        (",,1,,,higher,,,,,,", ("t.csv", 2, "image")),
        ("a.png,1", (12, "t.csv", 2, 2)),
    ],
)
def test_a_bad_cell_names_file_line_and_column(tmp_path: Path, line: str, words: tuple[object, ...]):
    (tmp_path / "t.csv").write_text(f"{','.join(COLUMNS)}\n{line}\n")
    with raises(DatasetError, *words):
        read_table(tmp_path / "t.csv")


@both_formats
def test_a_file_that_is_damaged_or_not_there_is_one_line(tmp_path: Path, ending: str):
    path = tmp_path / f"t{ending}"
    with raises(DatasetError, path):
        read_table(path)
    path.write_bytes(b"PAR1\xff\xff garbage PAR1")
    with raises(DatasetError, path) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_of_another_table_is_refused(tmp_path: Path):
    arrow = pytest.importorskip("pyarrow")
    arrow.parquet = pytest.importorskip("pyarrow.parquet")
    arrow.parquet.write_table(arrow.table({"image": ["a"], "score": [1.0]}), tmp_path / "t.parquet")
    with raises(DatasetError, "image", *COLUMNS, "score"):
        read_table(tmp_path / "t.parquet")


def test_other_endings_are_refused(tmp_path: Path):
    with raises(UnknownNameError, ".xls"):
        write_table(table_of(), tmp_path / "t.xls")
    with raises(UnknownNameError, "table"):
        read_table(tmp_path / "table")


def test_parquet_needs_pyarrow_and_csv_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with raises(MissingExtraError, "pyarrow"):
        write_table(table_of(), tmp_path / "t.parquet")
    write_table(table_of(), tmp_path / "t.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


@both_formats
def test_a_file_beside_the_table_is_left_alone(tmp_path: Path, ending: str):
    beside = tmp_path / f"t{ending}.tmp"
    beside.write_text("mine")
    write_table(table_of(RatedImage(image="a.png")), tmp_path / f"t{ending}")
    assert beside.read_text() == "mine"


@both_formats
def test_a_table_below_a_file_is_one_line(tmp_path: Path, ending: str):
    (tmp_path / "afile").write_text("")
    with raises(DatasetError, f"x{ending}"):
        write_table(table_of(RatedImage(image="a.png")), tmp_path / "afile" / f"x{ending}")


@both_formats
def test_a_name_that_is_not_utf8_is_one_line_and_leaves_no_file(tmp_path: Path, ending: str):
    with raises(DatasetError, "a\\udcff.png"):
        write_table(table_of(RatedImage(image="a\udcff.png")), tmp_path / f"t{ending}")
    assert list(tmp_path.iterdir()) == []
