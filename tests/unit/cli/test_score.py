import csv
import json
import math
import shlex
import shutil
from pathlib import Path

import pytest

from acutance.evaluation.score_files import read_sheet
from tests.raising import lacking
from tests.unit.cli.conftest import Run
from tests.unit.scoring.fakes import noise, write_images

DATA = Path(__file__).parents[2] / "data/files_of_0_1"
FOLDERS = ("score", "out", "--reference", "truth")


def test_a_table_has_a_line_a_picture_and_their_mean(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-m", "mdsi")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["image", "reference", "psnr", "↑", "mdsi", "↓"]
    assert [line.split()[0] for line in lines[1:]] == ["out/a.png", "out/b.png", "mean"]
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, 2, "psnr", "mdsi")
    assert result.exit_code == 0


@pytest.mark.parametrize("words", [("-m", "PSNR,mdsi"), ("-m", "psnr", "-m", "MDSI"), ("--model", "psnr, mdsi")])
def test_models_are_named_between_commas_or_one_by_one_in_any_case(run: Run, words: tuple[str, ...]):
    assert run(*FOLDERS, *words).stdout == run(*FOLDERS, "-m", "psnr", "-m", "mdsi").stdout


def test_bfloat16_that_does_nothing_is_one_line_on_stderr(run: Run):
    plain, asked = (run(*FOLDERS, "-m", "psnr", "-m", "mdsi", *more) for more in ((), ("--precision", "bfloat16")))
    said = set(asked.stderr.splitlines()) - set(plain.stderr.splitlines())
    assert len(said) == 1
    assert {"psnr", "mdsi", "bfloat16"} <= set(said.pop().replace(",", " ").split())
    assert asked.stdout == plain.stdout


def test_csv_and_json_have_the_same_rows(run: Run):
    as_csv = list(csv.DictReader(run(*FOLDERS, "-m", "psnr", "-f", "csv").stdout.splitlines()))
    as_json = json.loads(run(*FOLDERS, "-m", "psnr", "-f", "json").stdout)
    wanted = [
        {**row, "score": float(row["score"]), "note": None, "depth": None, "error": row["error"] or None}
        for row in as_csv
    ]
    assert as_json == wanted
    assert list(as_json[0]) == ["image", "reference", "model", "score", "note", "better", "depth", "error"]


def test_a_failed_row_of_json_has_an_error_and_no_note(run: Run, tmp_path: Path):
    (tmp_path / "out/b.png").write_bytes(b"no image")
    (tmp_path / "out/a.png").write_bytes((tmp_path / "truth/a.png").read_bytes())
    infinite, failed = json.loads(run(*FOLDERS, "-m", "psnr", "-f", "json").stdout)
    assert (infinite["score"], infinite["note"], infinite["error"]) == (None, "infinite", None)
    assert (failed["score"], failed["note"]) == (None, None)
    assert "out/b.png" in failed["error"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_of_0_1_goes_on_in_its_own_columns(run: Run, tmp_path: Path, ending: str):
    command = ("score", "out", "-r", "truth", "-m", "psnr", "-m", "gmsd", "-o", f"scores.{ending}")
    write_images(tmp_path / "out", "c.png", "d.png", "e.png", size=(24, 24))
    write_images(tmp_path / "truth", "c.png", "d.png", "e.png", size=(24, 24))
    assert run(*command).exit_code == 0
    shutil.copy(DATA / f"scores.{ending}", f"scores.{ending}")
    result = run(*command, "--resume", "-f", "csv")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert result.exit_code == 1  # an image of the old rows failed
    assert [row["score"] for row in rows[:2]] == ["inf", "0.0"]
    assert [row["better"] for row in rows] == ["higher", "lower"] * 5
    assert [row["image"] for row in rows[8:]] == ["out/e.png"] * 2
    sheet = read_sheet(Path(f"scores.{ending}"))
    assert [line.score for line in sheet["psnr"]] == [math.inf, 28.262697632129825, 22.39395057991186, None, math.inf]
    assert {line.better for lines in sheet.values() for line in lines} == {None}


def test_json_lines_of_0_1_go_on_without_numbers_that_are_no_json(run: Run, tmp_path: Path):
    write_images(tmp_path / "out", "c.png", "d.png", "e.png", size=(24, 24))
    write_images(tmp_path / "truth", "c.png", "d.png", "e.png", size=(24, 24))
    command = ("score", "out", "-r", "truth", "-m", "psnr", "-m", "gmsd", "-o", "scores.jsonl")
    run(*command)
    shutil.copy(DATA / "scores.jsonl", "scores.jsonl")
    run(*command, "--resume")
    old, new = Path("scores.jsonl").read_text().splitlines()[7:9]
    assert list(json.loads(old)) == ["image", "reference", "model", "score", "error"]
    assert new == (
        '{"image": "out/e.png", "reference": "truth/e.png", "model": "psnr", "score": null, "error": null, '
        '"note": "infinite"}'
    )


def test_an_infinite_score_makes_the_mean_infinite_beside_that_of_the_finite_ones(run: Run, tmp_path: Path):
    (tmp_path / "out/a.png").write_bytes((tmp_path / "truth/a.png").read_bytes())
    score = run(*FOLDERS, "-m", "psnr", "-f", "csv").stdout.splitlines()[2].split(",")[3]
    shown = f"{float(score):.4f}"
    lines = [line.split() for line in run(*FOLDERS, "-m", "psnr").stdout.splitlines()]
    assert lines[-2:] == [["mean", "inf"], ["mean", "of", "finite", "scores", shown, "of", "1"]]
    summary = [line.split() for line in run(*FOLDERS, "-m", "psnr", "-o", "s.csv").stdout.splitlines()]
    assert summary[1] == ["psnr", "higher", "2", "0", "inf", shown, "of", "1", shown, "inf"]


def test_a_file_of_scores_leaves_a_summary_on_stdout(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-o", "new/scores.csv")
    assert result.stdout.splitlines()[0].split() == ["model", "better", "scored", "failed", "mean", "least", "largest"]
    assert result.stdout.splitlines()[1].split()[:4] == ["psnr", "higher", "2", "0"]
    assert not lacking(result.stderr.splitlines()[-1], 2, "new/scores.csv")
    assert len(Path("new/scores.csv").read_text().splitlines()) == 3
    assert Path("new/scores.csv.provenance.json").is_file()


def test_a_file_and_printed_rows_go_together(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-o", "scores.csv", "-f", "csv")
    assert result.stdout == Path("scores.csv").read_text()


def test_names_that_look_like_markup_are_shown_as_they_are(run: Run, tmp_path: Path):
    write_images(tmp_path, "out/[red].png", "out/x[/b].png", "out/:smile:.png", "out/two\nlines.png")
    result = run("score", "out", "-r", "truth/a.png", "-m", "psnr")
    assert result.exit_code == 0
    for name in ("out/[red].png", "out/x[/b].png", "out/:smile:.png", r"out/two\nlines.png"):
        assert name in result.stdout


def test_failed_pictures_are_listed_and_the_status_is_1(run: Run, tmp_path: Path):
    (tmp_path / "out/b.png").write_bytes(b"no image")
    result = run(*FOLDERS, "-m", "psnr", "-m", "mdsi")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2].split()[-2:] == ["error", "error"]
    *_, first, second, last = result.stderr.splitlines()
    assert not lacking(first, "out/b.png", "psnr", "out/b.png")
    assert not lacking(second, "out/b.png", "mdsi", "out/b.png")
    assert "2 of 4" in last


def test_a_model_without_any_score_has_no_mean(run: Run):
    result = run(*FOLDERS, "-m", "ms_ssim")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].split() == ["mean", "-"]


def test_options_reach_the_model(run: Run, tmp_path: Path):
    write_images(tmp_path, "a.png", "b.png", size=(16, 16))
    values = [
        json.loads(run("score", "a.png", "-r", "b.png", "-m", "ssim", *options, "-f", "json").stdout)[0]["score"]
        for options in ([], ["--set", "ssim.channel=rgb"])
    ]
    assert values[0] != values[1]


def test_a_manifest_is_scored(run: Run, tmp_path: Path):
    (tmp_path / "m.csv").write_text("image,reference\nout/b.png,truth/a.png\nout/absent.png,truth/a.png\n")
    result = run("score", "m.csv", "-m", "psnr", "-f", "csv")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].startswith("out/b.png,truth/a.png,psnr,")
    assert not lacking(result.stdout.splitlines()[2], "out/absent.png", "out/absent.png")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "absent.png", "-r", "truth"], ("absent.png",)),
        ([*FOLDERS, "-m", "pnsr"], ("pnsr", "psnr")),
        ([*FOLDERS, "-m", "psnr", "--set", "channel=rgb"], ("MODEL.OPTION=VALUE", "ssim.channel=rgb", "channel=rgb")),
        ([*FOLDERS, "-m", "psnr", "--set", "psnr.chanel=rgb"], ("chanel", "channel")),
        ([*FOLDERS, "-m", "psnr", "--set", "psnr.channel=red"], ("channel", "psnr", "rgb", "grey", "luma", "red")),
        ([*FOLDERS, "-m", "psnr", "--set", "ssim.channel=rgb"], ("psnr", "ssim")),
        ([*FOLDERS, "-m", "psnr", "--weights", "a.pth"], ("psnr", "a.pth")),
        ([*FOLDERS, "-m", "afine", "--weights", "a.pth"], ("afine", "a.pth")),
        ([*FOLDERS, "--weights", "a.pth", "--weights", "b.pth"], ("MODEL=FILE", "a.pth", "b.pth")),
        ([*FOLDERS, "-m", "psnr", "--batch-size", "0"], ("auto", "'0'")),
        ([*FOLDERS, "-m", "psnr", "--batch-size", "many"], ("auto", "many")),
        ([*FOLDERS, "-m", "psnr", "--workers", "0"], ("workers", 0)),
        ([*FOLDERS, "-m", "afine", "--background", "whitish"], ("whitish",)),
        ([*FOLDERS, "-m", "psnr", "--device", "gpu"], ("gpu",)),
        ([*FOLDERS, "-m", "psnr", "--resume"], ("--output", "--resume", "--overwrite")),
        ([*FOLDERS, "-m", "psnr", "-o", "a.csv", "--resume", "--overwrite"], ("--resume", "--overwrite")),
        ([*FOLDERS, "-m", "psnr", "-o", "scores.xlsx"], (".xlsx",)),
        ([*FOLDERS, "-m", "psnr", "-o", "out"], ("'out'",)),
        ([*FOLDERS, "--pair-by", "[a-z]+"], ("[a-z]+", 0)),
        (["score", "out", "-m", "psnr"], ("out/a.png", "psnr")),
    ],
)
def test_a_wrong_call_is_one_line_on_stderr_and_status_2(run: Run, arguments: list[str], words: tuple[object, ...]):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    *reported, line = result.stderr.splitlines()
    assert line.startswith("acutance: ")
    assert not lacking(line, *words)
    assert len(reported) <= 1


def test_unmatched_folders_are_one_line_with_the_cure(run: Run, tmp_path: Path):
    (tmp_path / "truth/b.png").rename(tmp_path / "truth/c.png")
    result = run(*FOLDERS, "-m", "psnr")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, 1, "out/b.png", 1, "truth/c.png", "--pair-by", "--allow-unmatched")
    allowed = run(*FOLDERS, "-m", "psnr", "--allow-unmatched")
    assert allowed.exit_code == 0
    assert any(not lacking(line, 1, "out/b.png") for line in allowed.stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "there.csv"],
        ["-o", "scores.txt"],
        ["-o", "there.csv", "--resume"],
        ["--background", "whitish"],
        ["--batch-size", "0"],
        ["--set", "ssim.channel=rgb"],
    ],
)
def test_nothing_is_loaded_before_the_call_is_checked(run: Run, tmp_path: Path, arguments: list[str]):
    (tmp_path / "there.csv").write_text("something,else\n")
    result = run(*FOLDERS, "-m", "afine", "--offline", *arguments)
    assert result.exit_code == 2
    assert "acutance: " in result.stderr
    assert "weights fetch" not in result.stderr  # as loading would say
    assert (tmp_path / "there.csv").read_text() == "something,else\n"


def test_an_existing_file_is_kept_until_it_is_to_be_replaced(run: Run):
    call = (*FOLDERS, "-m", "psnr", "-o", "scores.csv")
    assert run(*call).exit_code == 0
    before = Path("scores.csv").read_bytes()
    refused = run(*call)
    assert refused.exit_code == 2
    assert not lacking(refused.stderr, "acutance", "scores.csv", "--resume", "--overwrite")
    assert run(*call, "--resume").exit_code == 0
    assert run(*call, "--overwrite").exit_code == 0
    assert Path("scores.csv").read_bytes() == before


def test_a_file_of_another_run_is_not_continued(run: Run):
    assert run(*FOLDERS, "-m", "psnr", "-o", "scores.csv").exit_code == 0
    other = run(*FOLDERS, "-m", "psnr", "-o", "scores.csv", "--resume", "--set", "psnr.channel=grey")
    assert other.exit_code == 2
    assert not lacking(other.stderr, "scores.csv", "channel", "rgb", "grey", "--overwrite")


def test_terms_are_columns_of_the_table(run: Run, monkeypatch: pytest.MonkeyPatch):
    result = run(*FOLDERS, "-m", "psnr", "--terms", "-f", "csv")
    assert result.stdout.splitlines()[0] == "image,reference,model,score,better,depth,error"


def test_weights_that_fail_to_load_leave_an_old_file_alone(run: Run):
    Path("scores.csv").write_text("image,reference,model,score,better,error\n")
    result = run(*FOLDERS, "-m", "afine", "--weights", "absent.pth", "-o", "scores.csv", "--overwrite")
    assert result.exit_code == 2
    assert Path("scores.csv").read_text() == "image,reference,model,score,better,error\n"


def test_a_picture_of_16_bits_meets_one_of_8(run: Run, tmp_path: Path):
    from tests.fakes import pictures

    pictures.write_png(tmp_path / "deep.png", noise(0).astype("uint16") * 257)
    assert "inf" in run("score", "out/a.png", "-r", "deep.png", "-m", "psnr", "-f", "csv").stdout


@pytest.mark.parametrize("verb", [("score", "new"), ("compare", "new")])
@pytest.mark.parametrize("before", [(), ("--pair-by", "stem"), ("--pair-by=^(x)",)])
def test_folders_that_pair_nothing_get_the_command_that_pairs_them(
    run: Run, tmp_path: Path, verb: tuple[str, str], before: tuple[str, ...]
):
    write_images(tmp_path, "new/a_x4.png", "new/b_x4.png")
    failed = run(*verb, *before, "--reference", "truth", "-m", "psnr")
    assert failed.exit_code == 2
    typed = shlex.split(failed.stderr.splitlines()[-1])
    start = typed.index(verb[0])
    assert typed[start:-2] == [*verb, "--reference", "truth", "-m", "psnr"]
    assert typed[-2] == "--pair-by"
    assert run(*typed[start:]).exit_code == 0


def test_a_command_with_a_double_dash_gets_its_rule_before_it(run: Run, tmp_path: Path):
    write_images(tmp_path, "new/a_x4.png", "new/b_x4.png")
    failed = run("score", "--reference", "truth", "-m", "psnr", "--", "new")
    typed = shlex.split(failed.stderr.splitlines()[-1])
    assert typed[-2:] == ["--", "new"]
    assert run(*typed[typed.index("score") :]).exit_code == 0
