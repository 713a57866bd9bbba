from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.splits import split_table, write_split
from acutance.datasets.table import OpinionTable, write_table
from acutance.errors import ConfigError, DatasetError, EvaluationError, UnknownNameError
from acutance.evaluation.data import match_splits, plan_data, read_data, read_part
from acutance.evaluation.measure import EvaluationOptions
from acutance.evaluation.protocols import find_protocol
from tests.fakes.datasets.files import write_images, write_lines
from tests.fakes.datasets.with_references import write_tid2013
from tests.raising import lacking, raises
from tests.unit.datasets.tables import full_reference, rated, table_of
from tests.unit.evaluation.planning import planned


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """``a.csv`` and ``b.csv``, and the published layout of TID2013 in ``tid``."""
    write_table(full_reference(4, 2), tmp_path / "a.csv")
    write_table(full_reference(5, 2), tmp_path / "b.csv")
    write_tid2013(tmp_path / "tid")
    (tmp_path / "one").mkdir()
    return tmp_path


def roots_of(tables: list[OpinionTable]) -> dict[str, Path]:
    return {table.name: table.root for table in tables}


def test_names_and_files_are_read_in_their_order(places: Path):
    tables = read_data([places / "a.csv", "tid2013"], [places / "one", places / "tid"], allow_missing=True)
    assert [(table.name, len(table)) for table in tables] == [("a", 8), ("tid2013", 45)]
    assert roots_of(tables) == {"a": places / "one", "tid2013": places / "tid"}


def test_one_folder_may_be_named_and_the_others_come_in_order(places: Path):
    data = [str(places / "a.csv"), "tid2013", str(places / "b.csv")]
    tables = read_data(data, [f"tid2013={places / 'tid'}", str(places / "one"), str(places)], allow_missing=True)
    assert roots_of(tables) == {"a": places / "one", "tid2013": places / "tid", "b": places}
    assert roots_of(read_data(data, {"tid2013": places / "tid"}, allow_missing=True))["a"] == places


def test_a_table_file_has_its_own_folder_and_a_table_its_root(places: Path):
    assert roots_of(read_data(places / "a.csv")) == {"a": places}
    assert roots_of(read_data(full_reference(1, 1))) == {"fake": Path("nowhere")}


@pytest.mark.parametrize(
    ("data", "root", "words"),
    [
        ([], None, ()),
        (["tid2013"], None, ("tid2013",)),
        (["a.csv", "tid2013"], ["one"], ("a", "tid2013", "one")),
        (["a.csv"], ["one", "two"], ("a", "one", "two", "NAME=DIR")),
        (["a.csv"], ["nowhere"], ("a.csv", "nowhere")),
        (["a.csv", "a.csv"], None, ("a",)),
        (["a.csv"], ["a=one", "a=two"], ("a", "one", "two")),
    ],
)
def test_data_and_folders_that_do_not_fit_are_refused(
    places: Path, monkeypatch: pytest.MonkeyPatch, data: list[str], root: list[str] | None, words: tuple[object, ...]
):
    monkeypatch.chdir(places)
    with raises(EvaluationError, *words):
        read_data(data, root)


def test_a_data_set_of_which_some_is_missing_is_an_error_that_counts_it_unless_asked_for(places: Path):
    with raises(DatasetError, 45, "3,000", "--allow-missing"):
        read_data("tid2013", places / "tid")
    (table,) = read_data("tid2013", places / "tid", allow_missing=True)
    assert len(table) == 45
    assert not lacking(table.notes[0], 45, "3,000")


def test_pictures_that_are_not_on_disk_are_counted_too(places: Path):
    (places / "tid/distorted_images/i01_01_1.bmp").unlink()
    with raises(DatasetError, 47, "distorted_images/I01_01_1.bmp"):
        read_data("tid2013", places / "tid")
    (table,) = read_data("tid2013", places / "tid", allow_missing=True)
    assert not lacking(table.notes[0], 44, "3,000")


@pytest.mark.parametrize(
    ("data", "given", "named"),
    [
        ("a.csv", {"allow_missing": True}, "allow_missing"),
        ("tid2013", {"opinion_better": "lower", "allow_missing": True}, "opinion_better"),
        ("tid2013", {"reference": "a.csv", "allow_missing": True}, "reference"),
        ("a.csv", {"reference": "absent.png"}, "absent.png"),
    ],
)
def test_what_no_data_set_has_use_for_is_refused(
    places: Path, monkeypatch: pytest.MonkeyPatch, data: str, given: dict[str, Any], named: str
):
    monkeypatch.chdir(places)
    with raises(EvaluationError, named):
        read_data(data, {"tid2013": "tid"} if data == "tid2013" else None, **given)


def test_a_table_tells_the_direction_of_its_opinions_itself(places: Path):
    with raises(ConfigError, "lower"):
        read_data(places / "a.csv", opinion_better="lower")


def test_a_list_without_references_takes_one_for_all(places: Path):
    (places / "lists").mkdir()
    (places / "lists/l.json").write_text('[{"image": "x.png", "score": 3}, {"image": "y.png", "reference": "r.png"}]')
    (places / "truth.png").write_bytes(b"")
    (table,) = read_data(places / "lists/l.json", reference=places / "truth.png")
    assert [row.reference for row in table] == ["../truth.png", "r.png"]
    assert table.path("../truth.png").resolve() == (places / "truth.png").resolve()
    (places / "lists/m.csv").write_text("image,reference,mos\nx.png,r.png,3\n")
    with raises(EvaluationError, "truth.png"):
        read_data(places / "lists/m.csv", reference=places / "truth.png")


def test_a_name_nobody_knows_has_the_nearest_offered(places: Path):
    with raises(UnknownNameError, "tid2031", "tid2013"):
        read_data("tid2031", places)
    with raises(UnknownNameError, "c"):
        read_data(places / "a.csv", {"c": places})


def test_a_table_without_rows_is_refused():
    with raises(EvaluationError, "fake"):
        read_data(table_of())


def test_a_part_is_told_by_the_table_itself_or_by_a_split(tmp_path: Path):
    own = table_of(rated("a", split="train"), rated("b", split="test"))
    assert [row.image for row in read_part(own, "test")] == ["b"]
    assert read_part(own, "all") is own
    table = full_reference(10, 3)
    write_split(tmp_path / "s.json", split_table(table, "vtamiq"))
    assert len(read_part(table, "test", tmp_path / "s.json")) == 6
    assert len(read_part(table, "train", tmp_path / "s.json")) == 18


@pytest.mark.parametrize(
    ("part", "split", "words"),
    [
        ("validation", None, ("validation", "fake")),
        ("all", "s.json", ("s.json",)),
    ],
)
def test_a_part_that_is_not_there_is_refused(part: str, split: str | None, words: tuple[object, ...]):
    with raises(EvaluationError, *words):
        read_part(table_of(rated("a", split="train"), rated("b", split="test")), part, split)


def test_a_part_where_nothing_tells_the_parts_is_refused():
    with raises(EvaluationError, "test", "fake"):
        read_part(full_reference(2, 2), "test")
    with raises(UnknownNameError, "tests", "test"):
        read_part(full_reference(2, 2), "tests")


def test_splits_meet_the_data_sets_they_were_made_of(tmp_path: Path):
    tables = [full_reference(10, 1, "a"), full_reference(12, 1, "b")]
    paths = [tmp_path / f"{table.name}.json" for table in tables]
    for path, table in zip(paths, tables, strict=True):
        write_split(path, split_table(table, "vtamiq"))
    assert match_splits(paths[::-1], tables) == {"a": paths[0], "b": paths[1]}
    assert match_splits([], tables) == {}
    assert match_splits(paths[:1], [full_reference(10, 1, "renamed")]) == {"renamed": paths[0]}
    with raises(EvaluationError, "a", "a.json", "a.json"):
        match_splits([paths[0], paths[0]], tables)
    with raises(EvaluationError, "a", "b", "c", "a.json"):
        match_splits(paths[:1], [tables[1], full_reference(3, 1, "c")])


def test_a_split_of_other_pictures_is_refused(tmp_path: Path):
    write_split(tmp_path / "s.json", split_table(full_reference(10, 3), "vtamiq"))
    with raises(DatasetError, "fake"):
        read_part(full_reference(11, 3), "test", tmp_path / "s.json")


def test_a_data_set_nobody_knows_is_told_before_its_folder_is_asked_for():
    with raises(UnknownNameError, "kadid", "kadid10k"):
        read_data("kadid", None)


def _lists(folder: Path) -> tuple[Path, Path, Path]:
    """A list of mos, one of dmos and one of scores."""
    for name, column in (("m3", "mos"), ("d3", "dmos"), ("s3", "score")):
        (folder / f"{name}.csv").write_text(f"image,{column}\nx.png,3\ny.png,4\n")
    return folder / "m3.csv", folder / "d3.csv", folder / "s3.csv"


def test_a_direction_for_a_list_with_a_column_mos_alone_is_an_error(tmp_path: Path):
    mos, _, _ = _lists(tmp_path)
    with raises(ConfigError, "m3.csv", "mos", "lower", "--opinion-better"):
        read_data(mos, opinion_better="lower")


def test_beside_a_list_that_needs_a_direction_a_column_mos_and_a_table_keep_theirs_and_say_so(
    tmp_path: Path, places: Path
):
    read = read_data([*_lists(tmp_path), places / "a.csv"], opinion_better="lower")
    mos, dmos, score, table = read
    assert [{row.better for row in one} for one in read] == [{"higher"}, {"lower"}, {"lower"}, {"higher"}]
    assert mos.notes == ("mos, higher is better",)
    assert any("higher" in note for note in table.notes)
    assert all("higher" not in note for note in (*dmos.notes, *score.notes))


def write_own_lists(root: Path) -> None:
    write_images(root / "images", ["a.png", "b.png", "r.png"])
    for kind in ("PSY", "PNY"):
        write_lines(root / f"DiffIQA/{kind}.txt", ["a.png,b.png,r.png,1"])


def test_lists_of_pairs_may_share_one_folder_of_pictures(tmp_path: Path):
    write_own_lists(tmp_path)
    lists = [tmp_path / "DiffIQA/PSY.txt", tmp_path / "DiffIQA/PNY.txt"]
    assert [table.name for table in read_data(lists, tmp_path / "images")] == ["diffiqa-PSY", "diffiqa-PNY"]


def test_a_list_of_pairs_needs_the_folder_of_its_pictures(tmp_path: Path):
    write_own_lists(tmp_path)
    with raises(EvaluationError, tmp_path / "DiffIQA/PSY.txt", "--root"):
        read_data(tmp_path / "DiffIQA/PSY.txt")


def test_a_list_of_pairs_needs_a_protocol_that_counts_them(tmp_path: Path):
    write_own_lists(tmp_path)
    (table,) = read_data(tmp_path / "DiffIQA/PSY.txt", tmp_path / "images")
    with raises(EvaluationError, "diffiqa-PSY", "--protocol pairs"):
        planned(table)
    found = plan_data(table, find_protocol("afine-stage3"), EvaluationOptions())
    assert (found.part, len(found.prepared.needed)) == ("all", 2)


def test_a_pattern_stands_for_its_files_in_the_order_of_their_names(places: Path, monkeypatch: pytest.MonkeyPatch):
    tables = read_data(str(places / "*.csv"), places / "one")
    assert roots_of(tables) == {"a": places / "one", "b": places / "one"}
    monkeypatch.chdir(places)
    assert [table.name for table in read_data(["?.csv", full_reference(1, 1)])] == ["a", "b", "fake"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(places: Path):
    (places / "[ab].csv").write_bytes((places / "a.csv").read_bytes())
    assert [table.name for table in read_data(places / "[ab].csv")] == ["[ab]"]


def test_a_pattern_of_no_file_is_named(places: Path):
    with raises(EvaluationError, places / "*_test.json"):
        read_data(str(places / "*_test.json"))


def test_one_folder_alone_is_that_of_all_files(places: Path):
    tables = read_data([places / "a.csv", places / "b.csv"], places / "one")
    assert roots_of(tables) == {"a": places / "one", "b": places / "one"}
