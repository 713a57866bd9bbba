import csv
from dataclasses import replace
from pathlib import Path

import pytest

from acutance.datasets.catalogue import DATASETS, read_dataset
from acutance.datasets.table import read_table, write_table
from tests.fakes.datasets.catalogue import FAKES
from tests.fakes.datasets.files import write_images, write_lines
from tests.raising import lacking
from tests.unit.cli.conftest import Run


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """LIVE, whole."""
    FAKES["live"].write(tmp_path / "live")
    return tmp_path / "live"


@pytest.fixture
def tid2008(tmp_path: Path) -> Path:
    """A small TID2008."""
    FAKES["tid2008"].write(tmp_path / "tid2008")
    return tmp_path / "tid2008"


def test_every_dataset_is_listed_with_counts_scale_and_place(run: Run):
    heading, *lines = run("data", "list").stdout.splitlines()
    assert heading.split() == ["dataset", "images", "references", "better", "range", "from", "licence"]
    assert [line.split()[0] for line in lines] == list(DATASETS)
    csiq = lines[list(DATASETS).index("csiq")]
    assert csiq.split()[:7] == ["csiq", "866", "30", "lower", "0", "to", "1"]


def test_a_whole_dataset_is_counted_beside_the_published_numbers(run: Run, live: Path):
    result = run("data", "check", "live", live)
    assert (result.exit_code, result.stderr) == (0, "")
    cells = [line.rsplit(maxsplit=2) for line in result.stdout.splitlines()]
    assert ["images with a score", "779", "779"] in cells
    assert ["references", "29", "29"] in cells


def test_a_dataset_that_is_not_whole_has_status_1_and_names_what_is_missing(run: Run, live: Path):
    (live / "jpeg" / "img3.bmp").unlink()
    result = run("data", "check", "live", live)
    assert result.exit_code == 1
    counts, missing, where = result.stderr.splitlines()
    assert not lacking(counts, 778, 779)
    assert not lacking(missing, "jpeg/img3.bmp")
    assert not lacking(where, "LIVE (release 2)", "https://live.ece.utexas.edu/research/quality/subjective.htm")


def test_many_missing_files_are_counted(run: Run, live: Path):
    for number in range(1, 61):
        (live / "jpeg" / f"img{number}.bmp").unlink()
    lines = run("data", "check", "live", live).stderr.splitlines()
    assert sum("jpeg/" in line for line in lines) == 20
    assert any(not lacking(line, 27) for line in lines)


def test_pictures_are_opened_on_request(run: Run, tid2008: Path):
    (tid2008 / "reference_images" / "I01.BMP").write_bytes(b"BM no image")
    assert "I01.BMP" not in run("data", "check", "tid2008", tid2008).stderr
    assert "I01.BMP" in run("data", "check", "tid2008", tid2008, "--pictures").stderr


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_table_of_a_dataset_becomes_a_file(run: Run, tid2008: Path, ending: str):
    result = run("data", "table", "tid2008", tid2008, "-o", f"tables/t.{ending}", "--allow-missing")
    assert (result.exit_code, result.stdout) == (0, f"tables/t.{ending} (24 rows)\n")
    assert read_table(f"tables/t.{ending}").rows == read_dataset("tid2008", tid2008).rows


def test_a_table_never_replaces_a_file_unasked(run: Run, tid2008: Path):
    Path("t.csv").write_text("before")
    result = run("data", "table", "tid2008", tid2008, "-o", "t.csv")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", "t.csv", "--overwrite")
    assert Path("t.csv").read_text() == "before"
    assert run("data", "table", "tid2008", tid2008, "-o", "t.csv", "--overwrite", "--allow-missing").exit_code == 0
    with Path("t.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 25


def test_half_a_dataset_makes_a_table_on_request_only(run: Run, tid2008: Path):
    (tid2008 / "distorted_images" / "i01_01_1.bmp").unlink()
    result = run("data", "table", "tid2008", tid2008, "-o", "t.csv")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, 25, "distorted_images/I01_01_1.bmp")
    assert not Path("t.csv").exists()
    assert "(23 rows)" in run("data", "table", "tid2008", tid2008, "-o", "t.csv", "--allow-missing").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "tid", "."), ("tid",)),
        (("check", "tid2008"), ("tid2008",)),
        (("check", "t.csv", "--pictures"), ("t.csv",)),
        (("check", "t.csv"), ("t.csv",)),
        (("check", "tid2008", "out"), ("TID2008", "out", "mos_with_names.txt")),
        (("table", "tid2008", ".", "-o", "t.txt"), (".txt",)),
        (("table", "tid2008", "nowhere", "-o", "t.csv"), ("TID2008", "nowhere")),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: tuple[str, ...], words: tuple[str, ...]):
    result = run("data", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not lacking(result.stderr, "acutance", *words)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", [(), ("list",), ("check",), ("table",)])
def test_the_help_of_a_verb_ends_with_two_examples(run: Run, verb: tuple[str, ...]):
    lines = [line.strip() for line in run("data", *verb, "--help").stdout.splitlines() if line.strip()]
    examples = lines[lines.index("Examples:") + 1 :]
    assert sum(line.startswith("acutance data ") for line in examples) == 2


def test_a_list_that_was_cut_short_makes_no_table_unasked(run: Run, tid2008: Path):
    result = run("data", "table", "tid2008", tid2008, "-o", "t.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "Expected TID2008 as published in " in result.stderr
    assert "24 of 1,700" in result.stderr
    assert not Path("t.csv").exists()


def test_a_whole_dataset_makes_a_table_without_any_flag(run: Run, live: Path):
    assert run("data", "table", "live", live, "-o", "t.csv").stdout == "t.csv (779 rows)\n"


def test_a_score_outside_the_scale_makes_no_table(run: Run, tmp_path: Path):
    FAKES["biq2021"].write(tmp_path / "biq")
    path = tmp_path / "biq" / "Test (Images and MOS).csv"
    path.write_text(path.read_text().replace(",1\n", ",7.5\n"))
    result = run("data", "table", "biq2021", tmp_path / "biq", "-o", "t.csv", "--allow-missing")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "mos", 7.5, 0, 1)
    assert not Path("t.csv").exists()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_file_is_checked_and_its_pictures_looked_for_where_a_folder_is_named(
    run: Run, tid2008: Path, ending: str
):
    name = f"t.{ending}"
    write_table(read_dataset("tid2008", tid2008), name)
    (tid2008 / "distorted_images" / "i01_01_1.bmp").unlink()
    alone = run("data", "check", name)
    assert alone.exit_code == 0
    assert not lacking(alone.stdout, name, "24 rows")
    below = run("data", "check", name, tid2008)
    assert (below.exit_code, below.stdout) == (1, "")
    assert not lacking(below.stderr, "row 1", "column image", "distorted_images/i01_01_1.bmp")


def test_a_table_file_with_an_impossible_score_has_status_1_and_names_the_row(run: Run, tid2008: Path):
    table = read_dataset("tid2008", tid2008)
    table.rows[1] = replace(table.rows[1], mos=9.5)
    write_table(table, "t.csv")
    result = run("data", "check", "t.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert not lacking(result.stderr, "t, row 2, column mos", 9.5, 0, 9)


def test_the_pictures_of_a_table_file_are_opened_on_request(run: Run, tid2008: Path):
    write_table(read_dataset("tid2008", tid2008), "t.csv")
    (tid2008 / "reference_images" / "I01.BMP").write_bytes(b"BM no image")
    assert run("data", "check", "t.csv", tid2008).exit_code == 0
    result = run("data", "check", "t.csv", tid2008, "--pictures")
    assert result.exit_code == 1
    assert "I01.BMP" in result.stderr


def test_lists_of_lines_become_one_table_with_references_and_parts(run: Run):
    for part, scene in (("train", "A0001"), ("validation", "A0002")):
        names = [f"{scene}_00_0{number}.bmp" for number in range(2)]
        write_images(Path(f"{part}/Dis"), names)
        write_images(Path(f"{part}/Ref"), [f"{scene}.bmp"])
        write_lines(Path(f"{part}.txt"), [f"{name},{place}" for place, name in enumerate(names)])
        options = ("--references", f"{part}/Ref", "--part", part, *(("--append",) if part == "validation" else ()))
        result = run("data", "table", f"{part}.txt", f"{part}/Dis", *options, "-o", "pipal.csv")
        assert result.exit_code == 0, result.stderr
    table = read_table("pipal.csv")
    assert [(row.image, row.reference, row.mos, row.split) for row in table] == [
        (f"{part}/Dis/{scene}_00_0{number}.bmp", f"{part}/Ref/{scene}.bmp", float(number), part)
        for part, scene in (("train", "A0001"), ("validation", "A0002"))
        for number in range(2)
    ]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("live", ".", "--part", "train"), "--part"),
        (("a.txt", ".", "--append"), "--append"),
        (("a.txt", ".", "--pair-by", "(.)"), "--references"),
    ],
)
def test_options_of_lists_in_the_wrong_place_are_one_line(run: Run, options: tuple[str, ...], named: str):
    write_lines(Path("a.txt"), ["a.bmp,1"])
    result = run("data", "table", *options, "-o", "new.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, named)
