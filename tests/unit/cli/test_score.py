import csv
import json
from pathlib import Path

import pytest

from acutance.scoring import request as request_module
from tests.unit.cli.conftest import Run
from tests.unit.scoring.fakes import noise, write_pictures

FOLDERS = ("score", "out", "--reference", "truth")


def test_a_table_has_a_line_a_picture_and_their_mean(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-m", "mdsi")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["image", "reference", "psnr", "↑", "mdsi", "↓"]
    assert [line.split()[0] for line in lines[1:]] == ["out/a.png", "out/b.png", "mean"]
    assert result.stderr == "2 pictures by psnr, mdsi\n"
    assert result.exit_code == 0


def test_bfloat16_that_does_nothing_is_one_line_on_stderr(run: Run):
    plain, asked = (run(*FOLDERS, "-m", "psnr", "-m", "mdsi", *more) for more in ((), ("--precision", "bfloat16")))
    said = set(asked.stderr.splitlines()) - set(plain.stderr.splitlines())
    assert len(said) == 1
    assert {"psnr", "mdsi", "bfloat16"} <= set(said.pop().replace(",", " ").split())
    assert asked.stdout == plain.stdout


def test_csv_and_json_have_the_same_rows(run: Run):
    as_csv = list(csv.DictReader(run(*FOLDERS, "-m", "psnr", "-f", "csv").stdout.splitlines()))
    as_json = json.loads(run(*FOLDERS, "-m", "psnr", "-f", "json").stdout)
    assert [{**row, "score": float(row["score"]), "error": row["error"] or None} for row in as_csv] == as_json
    assert list(as_json[0]) == ["image", "reference", "model", "score", "error"]


def test_a_file_of_scores_leaves_a_summary_on_stdout(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-o", "new/scores.csv")
    assert result.stdout.splitlines()[0].split() == ["model", "better", "scored", "failed", "mean", "least", "largest"]
    assert result.stdout.splitlines()[1].split()[:4] == ["psnr", "higher", "2", "0"]
    assert result.stderr.endswith("2 rows in new/scores.csv\n")
    assert len(Path("new/scores.csv").read_text().splitlines()) == 3
    assert Path("new/scores.csv.provenance.json").is_file()


def test_a_file_and_printed_rows_go_together(run: Run):
    result = run(*FOLDERS, "-m", "psnr", "-o", "scores.csv", "-f", "csv")
    assert result.stdout == Path("scores.csv").read_text()


def test_names_that_look_like_markup_are_shown_as_they_are(run: Run, tmp_path: Path):
    write_pictures(tmp_path, "out/[red].png", "out/x[/b].png", "out/:smile:.png", "out/two\nlines.png")
    result = run("score", "out", "-r", "truth/a.png", "-m", "psnr")
    assert result.exit_code == 0
    for name in ("out/[red].png", "out/x[/b].png", "out/:smile:.png", r"out/two\nlines.png"):
        assert name in result.stdout


def test_failed_pictures_are_listed_and_the_status_is_1(run: Run, tmp_path: Path):
    (tmp_path / "out/b.png").write_bytes(b"no picture")
    result = run(*FOLDERS, "-m", "psnr", "-m", "mdsi")
    assert result.exit_code == 1
    assert "error   error" in result.stdout
    assert "failed: out/b.png by psnr: out/b.png: Expected a picture" in result.stderr
    assert "failed: out/b.png by mdsi: out/b.png: Expected a picture" in result.stderr
    assert result.stderr.endswith("2 of 4 scores failed\n")


def test_a_model_without_any_score_has_no_mean(run: Run):
    result = run(*FOLDERS, "-m", "ms_ssim")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].split() == ["mean", "-"]


def test_options_reach_the_model(run: Run, tmp_path: Path):
    write_pictures(tmp_path, "a.png", "b.png", size=(16, 16))
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
    assert "got no such file" in result.stdout.splitlines()[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score", "absent.png", "-r", "truth"], "a picture or a folder at absent.png, got nothing there"),
        ([*FOLDERS, "-m", "pnsr"], "the name of a model, got 'pnsr'. Did you mean 'psnr'?"),
        ([*FOLDERS, "-m", "psnr", "--set", "channel=rgb"], "MODEL.OPTION=VALUE, such as ssim.channel=rgb, got 'chan"),
        ([*FOLDERS, "-m", "psnr", "--set", "psnr.chanel=rgb"], "Did you mean 'channel'?"),
        ([*FOLDERS, "-m", "psnr", "--set", "psnr.channel=red"], "channel of psnr to be 'rgb', 'grey' or 'luma', got"),
        ([*FOLDERS, "-m", "psnr", "--set", "ssim.channel=rgb"], "got some for ssim. Name that model too"),
        ([*FOLDERS, "-m", "psnr", "--weights", "a.pth"], "Expected no weights for psnr, got a.pth"),
        ([*FOLDERS, "-m", "afine", "--weights", "a.pth"], "weights of afine at a.pth, got no such file"),
        ([*FOLDERS, "--weights", "a.pth", "--weights", "b.pth"], "MODEL=FILE for each of several weights"),
        ([*FOLDERS, "-m", "psnr", "--batch-size", "0"], "a batch size above 0 or 'auto', got '0'"),
        ([*FOLDERS, "-m", "psnr", "--batch-size", "many"], "a batch size above 0 or 'auto', got 'many'"),
        ([*FOLDERS, "-m", "psnr", "--workers", "0"], "a number of workers above 0, got 0"),
        ([*FOLDERS, "-m", "afine", "--background", "whitish"], "a background colour such as 'white'"),
        ([*FOLDERS, "-m", "psnr", "--device", "gpu"], "the name of a device, got 'gpu'"),
        ([*FOLDERS, "-m", "psnr", "--resume"], "Expected --output beside --resume or --overwrite, got none"),
        ([*FOLDERS, "-m", "psnr", "-o", "a.csv", "--resume", "--overwrite"], "--resume or --overwrite, got both"),
        ([*FOLDERS, "-m", "psnr", "-o", "scores.xlsx"], "the name of a file ending, got '.xlsx'"),
        ([*FOLDERS, "-m", "psnr", "-o", "out"], "the name of a file ending, got 'out'"),
        ([*FOLDERS, "--pair-by", "[a-z]+"], "a regular expression with one group"),
        (["score", "out", "-m", "psnr"], "Expected a reference for out/a.png, because psnr compares with one"),
    ],
)
def test_a_wrong_call_is_one_line_on_stderr_and_status_2(run: Run, arguments: list[str], words: str):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    *reported, line = result.stderr.splitlines()
    assert line.startswith("acutance: Expected ")
    assert words in line
    assert len(reported) <= 1


def test_unmatched_folders_are_one_line_with_the_cure(run: Run, tmp_path: Path):
    (tmp_path / "truth/b.png").rename(tmp_path / "truth/c.png")
    result = run(*FOLDERS, "-m", "psnr")
    assert result.exit_code == 2
    assert result.stderr == (
        "acutance: Expected every picture to meet its reference, got 1 picture without a reference (out/b.png) and 1 "
        "reference without a picture (truth/c.png). Rename them, pair by a regular expression (--pair-by), or allow "
        "it (--allow-unmatched, allow_unmatched=True) to score the rest.\n"
    )
    allowed = run(*FOLDERS, "-m", "psnr", "--allow-unmatched")
    assert allowed.exit_code == 0
    assert "left out: 1 picture without a reference (out/b.png)" in allowed.stderr


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
def test_nothing_is_loaded_before_the_call_is_checked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
):
    (tmp_path / "there.csv").write_text("something,else\n")
    monkeypatch.setattr(request_module, "load", lambda *_, **__: pytest.fail("a model was loaded"))
    result = run(*FOLDERS, "-m", "psnr", *arguments)
    assert result.exit_code == 2
    assert "acutance: Expected" in result.stderr
    assert (tmp_path / "there.csv").read_text() == "something,else\n"


def test_an_existing_file_is_kept_until_it_is_to_be_replaced(run: Run):
    call = (*FOLDERS, "-m", "psnr", "-o", "scores.csv")
    assert run(*call).exit_code == 0
    before = Path("scores.csv").read_bytes()
    refused = run(*call)
    assert refused.exit_code == 2
    assert "acutance: Expected no file at scores.csv, got one. Continue it with --resume" in refused.stderr
    assert run(*call, "--resume").exit_code == 0
    assert run(*call, "--overwrite").exit_code == 0
    assert Path("scores.csv").read_bytes() == before


def test_a_file_of_another_run_is_not_continued(run: Run):
    assert run(*FOLDERS, "-m", "psnr", "-o", "scores.csv").exit_code == 0
    other = run(*FOLDERS, "-m", "psnr", "-o", "scores.csv", "--resume", "--set", "psnr.channel=grey")
    assert other.exit_code == 2
    assert 'the same models, got another: preprocessing: channel: "rgb" before, "grey" now' in other.stderr


def test_terms_are_columns_of_the_table(run: Run, monkeypatch: pytest.MonkeyPatch):
    result = run(*FOLDERS, "-m", "psnr", "--terms", "-f", "csv")
    assert result.stdout.splitlines()[0] == "image,reference,model,score,error"


def test_weights_that_fail_to_load_leave_an_old_file_alone(run: Run):
    Path("scores.csv").write_text("image,reference,model,score,error\n")
    result = run(*FOLDERS, "-m", "afine", "--weights", "absent.pth", "-o", "scores.csv", "--overwrite")
    assert result.exit_code == 2
    assert Path("scores.csv").read_text() == "image,reference,model,score,error\n"


def test_a_picture_of_16_bits_meets_one_of_8(run: Run, tmp_path: Path):
    from tests.fakes import pictures

    pictures.write_png(tmp_path / "deep.png", noise(0).astype("uint16") * 257)
    assert "inf" in run("score", "out/a.png", "-r", "deep.png", "-m", "psnr", "-f", "csv").stdout
