"""One's own opinions in lists of several layouts, and datasets of which some is missing."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acutance.cli.app import app
from acutance.datasets.table import read_table
from acutance.evaluation.files import read_run
from tests.fakes.datasets.with_references import write_tid2013
from tests.fakes.rated_set import TABLE, write_rated_set

RATINGS = Path("tests/data/ratings").resolve()
RIGHT = 0.9761904761904763
"""SRCC of psnr with these opinions."""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def out(tmp_path: Path) -> list[object]:
    return ["-o", tmp_path / "out", "--draws", 0, "--device", "cpu", "-f", "json"]


@pytest.mark.parametrize(
    ("arguments", "srcc"),
    [
        (["comma.csv"], RIGHT),
        (["semicolon.csv"], RIGHT),
        (["list.json", "--reference", RATINGS / "reference.png"], RIGHT),
        (["dmos.csv", "--opinion-better", "lower"], RIGHT),
        (["dmos.csv", "--opinion-better", "higher"], -RIGHT),
    ],
)
def test_every_layout_of_a_list_gives_the_correlations_computed_elsewhere(
    out: list[object], arguments: list[object], srcc: float
):
    result = call("evaluate", "psnr", "--data", RATINGS / str(arguments[0]), *arguments[1:], *out)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert row["srcc"] == pytest.approx(srcc, abs=1e-12)
    assert abs(row["krcc"]) == pytest.approx(0.9285714285714286, abs=1e-12)
    assert (row["count"], row["failed"], row["unrated"]) == (8, 0, 0)


def test_a_list_without_references_is_evaluated_by_a_model_that_needs_none_and_its_columns_are_named(
    out: list[object],
):
    result = call("evaluate", "afine-tiny-naturalness", "--data", RATINGS / "no_reference.csv", *out)
    assert result.exit_code == 0, result.output
    assert "image_name" in result.stderr
    assert "MOS" in result.stderr


def test_opinions_called_dmos_without_a_direction_end_with_status_2_and_both_commands(out: list[object]):
    path = RATINGS / "dmos.csv"
    result = call("evaluate", "psnr", "--data", path, *out)
    assert (result.exit_code, result.stdout) == (2, "")
    for direction in ("lower", "higher"):
        command = f"acutance evaluate psnr --data {path} --output {out[1]} --opinion-better {direction}"
        assert command in result.stderr


def test_a_list_becomes_a_table_and_its_direction_is_asked_for_too(tmp_path: Path):
    path, target = RATINGS / "dmos.csv", tmp_path / "t.csv"
    refused = call("data", "table", path, "-o", target)
    assert refused.exit_code == 2
    for direction in ("lower", "higher"):
        assert f"acutance data table {path} -o {target} --opinion-better {direction}" in refused.stderr
    assert call("data", "table", path, RATINGS, "-o", target, "--opinion-better", "lower").exit_code == 0
    rows = read_table(target, RATINGS).rows
    assert len(rows) == 8
    assert (rows[0].mos, rows[0].better) == (12.8, "lower")


@pytest.mark.parametrize("arguments", [["--opinion-better", "lower"], []])
def test_a_dataset_by_its_name_needs_its_folder_and_no_direction(tmp_path: Path, arguments: list[str]):
    assert call("data", "table", "tid2013", "-o", tmp_path / "t.csv", *arguments).exit_code == 2


def test_the_word_nan_as_an_opinion_ends_with_status_2_line_and_value(tmp_path: Path, out: list[object]):
    shutil.copytree(RATINGS, tmp_path / "r")
    path = tmp_path / "r/comma.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("59.45", "nan"), encoding="utf-8")
    result = call("evaluate", "psnr", "--data", path, *out)
    assert result.exit_code == 2
    assert "line 4" in result.stderr
    assert "'nan'" in result.stderr


@pytest.mark.slow
def test_12_of_3000_pictures_are_an_error_and_with_allow_missing_a_line_in_results_and_report(
    tmp_path: Path, out: list[object]
):
    write_tid2013(tmp_path / "tid")
    listed = tmp_path / "tid/mos_with_names.txt"
    listed.write_text("".join(listed.read_text().splitlines(keepends=True)[:12]))
    (tmp_path / "tid/mos_std.txt").unlink()
    verb = ["evaluate", "psnr", "--data", "tid2013", "--root", tmp_path / "tid", *out]
    refused = call(*verb)
    assert refused.exit_code == 2
    for named in ("12 of 3,000", "--allow-missing"):
        assert named in refused.stderr
    assert not (tmp_path / "out").exists()
    taken = call(*verb, "--allow-missing", "--report", tmp_path / "page.html")
    assert taken.exit_code == 0, taken.output
    assert any("12 of 3,000" in line for line in taken.stderr.splitlines())
    run = read_run(tmp_path / "out")
    assert ["12 of 3,000" in note for note in run.evaluations[0].notes] == [True]
    assert "12 of 3,000" in json.dumps(run.provenance)
    assert "12 of 3,000" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", ["split", "triplets", "table"])
def test_other_verbs_refuse_a_data_set_that_is_not_whole_too(tmp_path: Path, verb: str):
    write_tid2013(tmp_path / "tid")
    ending = {"split": "json", "triplets": "txt", "table": "csv"}[verb]
    command = ["data", verb, "tid2013", tmp_path / "tid", "-o", tmp_path / f"x.{ending}"]
    command += ["--protocol", "hyperiqa"] if verb == "split" else []
    refused = call(*command)
    assert refused.exit_code == 2
    assert "45 of 3,000" in refused.stderr
    taken = call(*command, "--allow-missing")
    assert taken.exit_code == 0, taken.output
    assert "45 of 3,000" in taken.stderr


@pytest.fixture
def rated(tmp_path: Path) -> list[object]:
    write_rated_set(tmp_path, references=2, levels=2)
    return ["evaluate", "psnr", "--data", tmp_path / TABLE]


@pytest.mark.parametrize(
    ("arguments", "named"), [(["--margin", 0.5], "plain"), (["--allow-missing"], "allow_missing"), (["--strict"], "")]
)
def test_an_option_that_the_evaluation_has_no_use_for_is_refused(
    rated: list[object], out: list[object], arguments: list[object], named: str
):
    result = call(*rated, *out, *arguments)
    assert result.exit_code == (2 if named else 0)
    assert named in result.stderr


def test_weights_and_options_beside_scores_of_files_alone_are_refused(rated: list[object], out: list[object]):
    assert call(*rated, *out).exit_code == 0
    files = ["evaluate", *rated[2:], *out, "--overwrite", "--scores", Path(str(out[1])) / "scores/table.csv"]
    assert call(*files).exit_code == 0
    for option in (["--set", "psnr.channel=luma"], ["--weights", "w.pth"]):
        assert call(*files, *option).exit_code == 2


def test_groups_and_tests_that_are_not_there_are_said(out: list[object]):
    result = call("evaluate", "psnr", "--data", RATINGS / "comma.csv", *out, "--group-by", "level", "--tests")
    assert result.exit_code == 0
    assert "level" in result.stderr
    assert "--tests" in result.stderr


def test_later_frames_of_rated_pictures_are_said_and_written(tmp_path: Path, out: list[object]):
    from tests.unit.scoring.test_left_out import write_animation

    names = [write_animation(tmp_path / f"{index}.webp", 2 + index).name for index in range(3)]
    (tmp_path / "l.csv").write_text("image,reference,mos\n" + "".join(f"{n},0.webp,{i}\n" for i, n in enumerate(names)))
    result = call("evaluate", "psnr", "--data", tmp_path / "l.csv", *out)
    assert "2.webp: 3" in result.stderr
    assert read_run(tmp_path / "out").provenance["l"]["later_frames"]["count"] == 3  # type: ignore[index]
    assert call("evaluate", "psnr", "--data", tmp_path / "l.csv", *out, "--overwrite", "--strict").exit_code == 1
