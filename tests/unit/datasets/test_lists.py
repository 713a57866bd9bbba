import json
from pathlib import Path

import pytest

from acutance.datasets.lists import read_list, read_opinions
from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.errors import ConfigError, DatasetError, OpinionDirectionError, UnknownNameError
from tests.raising import raises


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_lists_of_ms_hyperiqa_are_read_with_scores_as_numbers_or_texts(tmp_path: Path):
    items = [{"image": "koniq/1024x768/x.jpg", "score": 75.32}, {"image": "spaq/y.jpg", "score": "31.25"}]
    table = read_list(write(tmp_path / "koniq_test.json", items), "/data", low=0, high=100)
    assert table.rows == [
        RatedImage(image="koniq/1024x768/x.jpg", mos=75.32, low=0, high=100),
        RatedImage(image="spaq/y.jpg", mos=31.25, low=0, high=100),
    ]
    assert table.path(table.rows[0].image) == Path("/data/koniq/1024x768/x.jpg")
    assert table.name == "koniq_test"


def test_a_name_in_json_whose_bytes_are_no_utf8_stays(tmp_path: Path):
    table = read_list(write(tmp_path / "l.json", [{"image": "a\udcff.png", "score": 1}]))
    assert table.rows == [RatedImage(image="a\udcff.png", mos=1.0)]


def test_a_csv_list_tells_its_columns_by_name_and_keeps_its_order(tmp_path: Path):
    path = write(tmp_path / "l.csv", "score,image,remark,scene\n2,b.png,x,s1\n1.5,a.png,,s2\n")
    assert read_list(path).rows == [
        RatedImage(image="b.png", mos=2.0, scene="s1"),
        RatedImage(image="a.png", mos=1.5, scene="s2"),
    ]
    assert read_list(path).root == tmp_path


def test_columns_of_other_names_are_named(tmp_path: Path):
    path = write(tmp_path / "l.csv", "file,truth,DMOS,image\nb.png,t.png,0.5,thumb.png\n")
    columns = {"image": "file", "reference": "truth", "mos": "DMOS"}
    row = read_list(path, columns=columns, better="lower").rows[0]
    assert row == RatedImage(image="b.png", reference="t.png", mos=0.5, better="lower")


def test_the_scale_of_the_list_goes_before_the_one_named(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos,better,low\na.png,1,lower,\nb.png,2,,-3\n")
    rows = read_list(path, better="higher", low=0).rows
    assert [(row.better, row.low) for row in rows] == [("lower", 0.0), ("higher", -3.0)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("l.json", '[{"image": "a.png"', ("l.json",)),
        ("l.json", {"image": "a.png"}, ("l.json",)),
        ("l.json", [["a.png", 1]], ("l.json", 1)),
        ("l.json", [], ("l.json",)),
        ("l.json", [{"image": "a.png"}, {"score": 1}], ("image", "l.json", 2, "score")),
        ("l.json", [{"image": "a.png", "score": "good"}], ("l.json", 1, "mos", "good")),
        ("l.json", [{"image": "a.png", "score": True}], (1, "mos", True)),
        ("l.json", [{"image": "a.png", "level": 1.5}], (1, "level", 1.5)),
        ("l.json", [{"image": 7, "score": 1}], (1, "image", 7)),
        ("l.csv", "image,mos\na.png,1,2\n", (2, "l.csv", 2, 3)),
        ("l.csv", "picture,mos\na.png,1\n", ("image", "l.csv", 2, "picture", "mos")),
        ("l.csv", "image,mos\n", ("l.csv",)),
    ],
)
def test_a_bad_list_names_file_place_and_column(tmp_path: Path, name: str, content: object, words: tuple[object, ...]):
    with raises(DatasetError, *words):
        read_list(write(tmp_path / name, content))


def test_a_named_column_must_be_there(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with raises(DatasetError, "DMOS", 2, "image", "mos"):
        read_list(path, columns={"mos": "DMOS"})


def test_settings_that_make_no_sense_are_refused(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with raises(UnknownNameError, "moss", "mos"):
        read_list(path, columns={"moss": "mos"})
    with raises(ConfigError, 5, 1):
        read_list(path, low=5, high=1)
    with raises(UnknownNameError, ".txt", ".csv", ".json"):
        read_list(tmp_path / "l.txt")
    with raises(DatasetError, "none.csv"):
        read_list(tmp_path / "none.csv")


@pytest.mark.parametrize("column", ["dmos", "DMOS"])
def test_opinions_called_dmos_need_a_direction_and_the_error_shows_both_commands(tmp_path: Path, column: str):
    path = write(tmp_path / "l.csv", f"image,{column}\na.png,12.8\n")
    command = f"acutance evaluate MODEL --data {path} --output results --opinion-better"
    with raises(OpinionDirectionError, f"{command} lower", f"{command} higher"):
        read_list(path)
    row = read_list(path, better="lower").rows[0]
    assert (row.mos, row.better) == (12.8, "lower")
    assert read_list(path, better="higher").rows[0].better == "higher"


def test_opinions_called_dmos_need_no_direction_beside_a_column_that_tells_it(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,dmos,better\na.png,12.8,lower\n")
    assert read_list(path).rows == [RatedImage(image="a.png", mos=12.8, better="lower")]


@pytest.mark.parametrize("column", ["better", "Better"])
def test_a_row_of_dmos_without_a_direction_is_an_error_that_names_it(tmp_path: Path, column: str):
    path = write(tmp_path / "l.csv", f"image,dmos,{column}\na.png,30,lower\nb.png,40,\n")
    with raises(OpinionDirectionError, "dmos", f"{path}, line 3", "--opinion-better lower"):
        read_list(path)
    assert {row.better for row in read_list(path, better="lower").rows} == {"lower"}
    items = [{"image": "a.png", "dmos": 30, column: "lower"}, {"image": "b.png", "dmos": 40}]
    with raises(OpinionDirectionError, "dmos", "item 2"):
        read_list(write(tmp_path / "l.json", items))


def test_an_empty_column_of_directions_tells_nothing(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,dmos,better\na.png,30,\n")
    with raises(OpinionDirectionError, "dmos", "line 2"):
        read_list(path)
    assert read_list(path, better="lower").rows[0].better == "lower"


def test_two_directions_of_dmos_are_read_only_if_every_row_tells_its_own(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,dmos,better\na.png,30,\nb.png,40,lower\n")
    with raises(DatasetError, "line 2", "line 3", "better", "lower", "higher"):
        read_list(path, better="higher")
    write(path, "image,dmos,better\na.png,30,higher\nb.png,40,lower\nc.png,,\n")
    assert [row.better for row in read_list(path).rows[:2]] == ["higher", "lower"]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("image,score,dmos", ("score", "dmos")),
        ("image,DMOS,Rating", ("Rating", "DMOS")),
        ("image,score,Score", ("score", "Score")),
        ("image,mos,MOS", ("mos", "MOS")),
    ],
)
def test_two_columns_of_opinions_are_an_error_that_shows_both_until_one_is_named(
    tmp_path: Path, header: str, shown: tuple[str, str]
):
    path = write(tmp_path / "l.csv", f"{header}\na.png,1,2\n")
    with raises(DatasetError, path, *shown):
        read_list(path)
    named = header.split(",")[2]
    assert read_list(path, columns={"mos": named}, better="lower").rows[0].mos == 2.0


def test_dmos_that_was_named_as_the_opinions_needs_a_direction_too(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,DMOS\na.png,12.8\n")
    with raises(OpinionDirectionError, "DMOS"):
        read_list(path, columns={"mos": "DMOS"})


def test_mos_goes_before_dmos_which_is_passed_over_with_a_note(tmp_path: Path):
    table = read_list(write(tmp_path / "l.csv", "image,dmos,mos\na.png,12.8,87.2\n"))
    assert table.rows[0].mos == 87.2
    assert any("dmos" in note for note in table.notes)


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf", "Infinity", "1e999"])
@pytest.mark.parametrize("name", ["l.csv", "l.json", "table.csv"])
def test_an_opinion_that_is_no_number_is_an_error_with_line_and_value(tmp_path: Path, name: str, word: str):
    if name == "l.csv":
        write(tmp_path / name, f"image,mos\na.png,1\nb.png,{word}\n")
    elif name == "l.json":
        write(tmp_path / name, [{"image": "a.png", "mos": 1}, {"image": "b.png", "mos": word}])
    else:
        rows = [RatedImage(image="a.png", mos=1.0), RatedImage(image="b.png", mos=2.0)]
        write_table(OpinionTable(rows, tmp_path, "table"), tmp_path / name)
        write(tmp_path / name, (tmp_path / name).read_text().replace("2.0", word))
    with raises(DatasetError, name, 2 if name == "l.json" else 3, "mos", word):
        read_opinions(tmp_path / name)


@pytest.mark.parametrize("column", ["score", "rating", "Score"])
def test_scores_of_a_model_are_not_taken_for_opinions(tmp_path: Path, column: str):
    path = write(tmp_path / "l.csv", f"image,{column}\na.png,3.5\n")
    assert read_list(path).rows == [RatedImage(image="a.png", mos=3.5)]
    for model in ("model", "Model"):
        write(tmp_path / "m.csv", f"image,{model},{column}\na.png,psnr,3.5\n")
        with raises(DatasetError, model):
            read_list(tmp_path / "m.csv")
    write(tmp_path / "l.csv.provenance.json", "{}")
    with raises(DatasetError, "l.csv.provenance.json"):
        read_list(path)
    assert read_list(path, columns={"mos": column}, better="higher").rows[0].mos == 3.5


def test_other_names_of_columns_are_known_and_said(tmp_path: Path):
    table = read_list(write(tmp_path / "l.csv", "image_name,MOS,c1,ref_img\na.png,3.5,1,r.png\n"))
    assert table.rows == [RatedImage(image="a.png", reference="r.png", mos=3.5)]
    for named in ("image_name", "MOS", "ref_img", "c1"):
        assert any(named in note for note in table.notes)


def test_a_list_with_the_names_of_a_table_has_nothing_to_say(tmp_path: Path):
    assert read_list(write(tmp_path / "l.csv", "image,mos,reference\na.png,1,r.png\n")).notes == ()


def test_semicolons_and_decimal_commas_are_read(tmp_path: Path):
    path = write(tmp_path / "l.csv", 'image;reference;mos\n"semi;colon.png";r, 1.png;-87,25\nb.png;r.png;3\n')
    assert read_list(path).rows == [
        RatedImage(image="semi;colon.png", reference="r, 1.png", mos=-87.25),
        RatedImage(image="b.png", reference="r.png", mos=3.0),
    ]


def test_a_decimal_comma_is_no_number_where_commas_part_cells(tmp_path: Path):
    path = write(tmp_path / "l.csv", 'image,mos\na.png,"87,2"\n')
    with raises(DatasetError, 2, "mos", "87,2"):
        read_list(path)


def test_a_table_of_ours_and_any_other_list_are_read_by_one_function(tmp_path: Path):
    table = OpinionTable([RatedImage(image="a.png", mos=2.0, better="lower")], tmp_path, "t")
    write_table(table, tmp_path / "t.csv")
    assert read_opinions(tmp_path / "t.csv").rows == table.rows
    with raises(ConfigError, "higher"):
        read_opinions(tmp_path / "t.csv", better="higher")
    assert read_opinions(write(tmp_path / "l.csv", "image,dmos\na.png,2\n"), better="lower").rows == table.rows
    with raises(UnknownNameError, ".txt"):
        read_opinions(tmp_path / "l.txt")
