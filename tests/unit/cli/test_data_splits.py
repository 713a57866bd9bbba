from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from acutance.cli.data_lists import split, triplets
from acutance.datasets.comparisons import read_comparisons, read_triplets
from acutance.datasets.splits import read_split, rows_of
from acutance.datasets.table import write_table
from acutance.errors import ConfigError
from tests.raising import lacking
from tests.unit.datasets.tables import full_reference, rated, table_of
from tests.unit.datasets.test_diffiqa_labels import write_labels
from tests.unit.datasets.test_training_pairs import diffiqa, two_parts_of_diffiqa

app = typer.Typer()
app.command()(split)
app.command()(triplets)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a verb in a folder with the table of ten references of three images."""
    monkeypatch.chdir(tmp_path)
    write_table(full_reference(10, 3), "fake.csv")
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_split_is_written_and_its_sizes_are_printed(run: Callable[..., Result]):
    result = run("split", "fake.csv", "-o", "s.json", "--protocol", "afine", "--seed", 4)
    assert (result.exit_code, result.stdout) == (0, "s.json: 7 train, 1 validation, 2 test\n")
    found = read_split(Path("s.json"), full_reference(10, 3))
    assert (found.seed, found.ratios) == (4, (7, 1, 2))


def test_repeated_splits_are_numbered(run: Callable[..., Result]):
    result = run("split", "fake.csv", "-o", "splits/s.json", "--repeats", 3)
    assert result.exit_code == 0
    paths = sorted(Path("splits").iterdir())
    assert [path.name for path in paths] == ["s-000.json", "s-001.json", "s-002.json"]
    assert len({read_split(path).seed for path in paths}) == 3


def test_other_shares_are_rounded_as_the_protocol_does(run: Callable[..., Result]):
    result = run("split", "fake.csv", "-o", "s.json", "--protocol", "hyperiqa", "--ratios", "7:3")
    assert result.stdout == "s.json: 7 train, 0 validation, 3 test\n"


def test_a_file_is_never_replaced_unasked(run: Callable[..., Result]):
    Path("s.json").write_text("before")
    for verb in ("split", "triplets"):
        result = run(verb, "fake.csv", "-o", "s.json")
        assert isinstance(result.exception, ConfigError)
        assert not lacking(str(result.exception), "s.json", "--overwrite")
    assert Path("s.json").read_text() == "before"
    assert run("split", "fake.csv", "-o", "s.json", "--overwrite").exit_code == 0


def test_a_dataset_by_name_needs_its_folder(run: Callable[..., Result]):
    result = run("split", "tid2013", "-o", "s.json")
    assert isinstance(result.exception, ConfigError)
    assert "tid2013" in str(result.exception)


def test_fixed_references_are_neither_repeated_nor_shared_out(run: Callable[..., Result]):
    result = run("split", "fake.csv", "-o", "s.json", "--protocol", "vtamiq-fixed", "--repeats", 2)
    assert isinstance(result.exception, ConfigError)
    seeded = run("split", "fake.csv", "-o", "s.json", "--protocol", "vtamiq-fixed", "--seed", 1)
    assert isinstance(seeded.exception, ConfigError)
    write_table(full_reference(25, 1), "tid2013.csv")
    assert run("split", "tid2013.csv", "-o", "t.json", "--protocol", "vtamiq-fixed").stdout.endswith(
        "15 train, 5 validation, 5 test\n"
    )


def test_copies_in_another_scene_are_found_on_request(run: Callable[..., Result]):
    Path("images").mkdir()
    for name in ("r000_0.png", "r001_0.png"):
        (Path("images") / name).write_bytes(b"same")
    assert run("split", "fake.csv", "-o", "s.json").exit_code == 0
    result = run("split", "fake.csv", "-o", "t.json", "--compare-contents")
    assert not lacking(str(result.exception), "images/r000_0.png", "images/r001_0.png")
    assert not Path("t.json").exists()


def test_triplets_of_one_part_are_as_many_as_counted_by_hand(run: Callable[..., Result]):
    run("split", "fake.csv", "-o", "s.json", "--protocol", "afine")
    result = run("triplets", "fake.csv", "-o", "Triplet.txt", "--split", "s.json", "--part", "test")
    assert result.stdout == "Triplet.txt: 16 lines\n"  # 2 references x 4 images x log2 4
    tested = {row.reference for row in rows_of(full_reference(10, 3), read_split(Path("s.json")), "test")}
    assert {triplet.reference for triplet in read_triplets(Path("Triplet.txt"))} == tested


def test_the_slips_are_asked_for(run: Callable[..., Result]):
    run("triplets", "fake.csv", "-o", "t.txt", "--reference-first", "--reference-as-png", "--names-only")
    found = read_triplets(Path("t.txt"))
    assert any(triplet.first == triplet.reference == "r000.png" for triplet in found)


def test_diffiqas_types_are_written_beside_its_triplets(run: Callable[..., Result], tmp_path: Path):
    write_labels(tmp_path / "labels", {"a_01": ("Positive",) * 3, "a_02": ("Negative",) * 3})
    write_table(diffiqa(tmp_path), "diffiqa.csv")
    result = run("triplets", "diffiqa.csv", "-o", "Triplet.txt", "--types", "TripletEachType", "--names-only")
    assert result.stdout == "Triplet.txt: 3 lines\n"
    assert sorted(path.name for path in Path("TripletEachType").iterdir()) == ["NYY.txt", "PNY.txt", "PYY.txt"]
    (pair,) = read_comparisons(Path("TripletEachType/PNY.txt"))
    assert (pair.first, pair.second, pair.reference, pair.first_wins) == ("a_01.png", "a_02.png", "a.png", 1.0)


def test_a_leak_in_the_column_of_a_table_is_an_error(run: Callable[..., Result]):
    rows = [rated(f"{part}.png", reference="r.png", split=part) for part in ("train", "test")]
    write_table(table_of(*rows), "leak.csv")
    result = run("triplets", "leak.csv", "-o", "t.txt")
    assert not lacking(str(result.exception), "r.png", "train", "test")
    assert not Path("t.txt").exists()


def test_a_part_of_a_table_without_parts_is_refused(run: Callable[..., Result]):
    result = run("triplets", "fake.csv", "-o", "t.txt", "--part", "test")
    assert isinstance(result.exception, ConfigError)
    assert not lacking(str(result.exception), "--part test", "fake")


def test_a_split_of_ones_own_mixes_the_published_parts(run: Callable[..., Result], tmp_path: Path):
    write_table(two_parts_of_diffiqa(tmp_path), "diffiqa.csv")
    run("split", "diffiqa.csv", "-o", "s.json", "--ratios", "1:0:1")
    for part in ("train", "test"):
        result = run("triplets", "diffiqa.csv", "-o", f"{part}.txt", "--split", "s.json", "--part", part)
        assert result.stdout == f"{part}.txt: 1 lines\n"


def test_lists_of_types_are_never_replaced_unasked(run: Callable[..., Result], tmp_path: Path):
    write_labels(tmp_path / "labels", {"a_01": ("Positive",) * 3})
    write_table(diffiqa(tmp_path), "diffiqa.csv")
    Path("types").mkdir()
    Path("types/PSY.txt").write_text("before")
    verb = ("triplets", "diffiqa.csv", "-o", "t.txt", "--types", "types")
    assert not lacking(str(run(*verb).exception), "types/PSY.txt")
    assert (Path("types/PSY.txt").read_text(), Path("t.txt").exists()) == ("before", False)
    assert run(*verb, "--overwrite").exit_code == 0
    assert [path.name for path in Path("types").iterdir()] == ["PYY.txt"]


@pytest.mark.parametrize("output", ["fake.csv/t.txt", "fake.csv/a/t.txt"])
def test_types_are_not_written_without_the_list(run: Callable[..., Result], tmp_path: Path, output: str):
    write_labels(tmp_path / "labels", {"a_01": ("Positive",) * 3})
    write_table(diffiqa(tmp_path), "diffiqa.csv")
    result = run("triplets", "diffiqa.csv", "-o", output, "--types", "types")
    assert "fake.csv" in str(result.exception)
    assert not Path("types").exists()


def test_a_dataset_without_types_leaves_no_list(run: Callable[..., Result]):
    write_table(full_reference(2, 3, name="sriqa_bench"), "sriqa_bench.csv")
    result = run("triplets", "sriqa_bench.csv", "-o", "t.txt", "--types", "types")
    assert "DiffIQA" in str(result.exception)
    assert not Path("t.txt").exists()


def test_a_name_that_is_too_long_is_one_line(run: Callable[..., Result]):
    for verb in ("split", "triplets"):
        result = run(verb, "fake.csv", "-o", "n" * 300)
        assert isinstance(result.exception, ConfigError)
        assert str(result.exception).endswith("n, got: File name too long. Name another.")
