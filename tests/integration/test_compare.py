"""Methods that spoil real images, compared as a user does."""

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.integration.conftest import COMMAND, EXAMPLES, acutance
from tests.raising import lacking

MODELS = ("-m", "psnr", "-m", "ssim", "-m", "gmsd")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Crops of the examples in truth/, and as three methods leave them; the current folder."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for reference in sorted((EXAMPLES / "reference").glob("*.png")):
        whole = Image.open(reference).convert("RGB")
        for index in range(4):
            crop = whole.crop((40 * index, 30 * index, 40 * index + 96, 30 * index + 96))
            noisy = np.clip(np.asarray(crop) + generator.normal(0, 15, (96, 96, 3)), 0, 255).astype(np.uint8)
            made = {
                "truth": crop,
                "blur": crop.filter(ImageFilter.GaussianBlur(2.5)),
                "noise": Image.fromarray(noisy),
                "mild": crop.filter(ImageFilter.GaussianBlur(0.6)),
            }
            for method, image in made.items():
                path = tmp_path / method / reference.stem / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                image.save(path)
    return tmp_path


def test_a_milder_blur_is_significantly_better_by_every_model(desk: Path):
    result = acutance("compare", "--reference", "truth/", "blur/", "ours=mild/", *MODELS, "-o", "results", "-f", "json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["methods"] == ["blur", "ours"]
    assert [(test["model"], test["winner"]) for test in found["tests"]] == [
        ("psnr", "ours"),
        ("ssim", "ours"),
        ("gmsd", "ours"),
    ]
    assert all(one["count"] == 12 for one in found["results"])
    with Path("results/scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 12 * 3
    means = {(one["model"], one["method"]): one["mean"] for one in found["results"]}
    psnr = [float(row["score"]) for row in rows if row["model"] == "psnr" and row["image"].startswith("mild")]
    assert means["psnr", "ours"] == pytest.approx(np.mean(psnr))


def test_models_disagree_about_blur_and_noise(desk: Path):
    result = acutance("compare", "-r", "truth", "blur", "noise", "mild", *MODELS)
    assert result.returncode == 0, result.stderr
    assert "models disagree on" in result.stdout
    assert "worst beside the others" in result.stdout
    assert result.stdout.splitlines()[0].split() == ["method", "psnr", "↑", "ssim", "↑", "gmsd", "↓"]


def test_scores_of_acutance_score_give_the_same_table(desk: Path):
    at_once = acutance("compare", "-r", "truth", "blur", "noise", *MODELS, "-f", "csv")
    scored = acutance("score", "blur", "noise", "-r", "truth", *MODELS, "-o", "scores.parquet")
    assert scored.returncode == 0, scored.stderr
    later = acutance("compare", "blur", "noise", "--scores", "scores.parquet", "-f", "csv")
    assert later.stdout == at_once.stdout


def test_a_missing_and_a_broken_picture_are_told(desk: Path):
    (desk / "blur/coffee/0.png").unlink()
    (desk / "noise/coffee/1.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    strict = acutance("compare", "-r", "truth", "blur", "noise", "-m", "psnr")
    assert (strict.returncode, strict.stdout) == (2, "")
    assert not lacking(strict.stderr, "acutance", 1, "coffee/0.png", "blur", "--allow-unmatched")
    assert strict.stderr.count("\n") == 1
    allowed = acutance("compare", "-r", "truth", "blur", "noise", "-m", "psnr", "--allow-unmatched")
    assert allowed.returncode == 1
    assert any(not lacking(line, 1, "coffee/0.png", "blur") for line in allowed.stderr.splitlines())
    assert "10 images" in allowed.stdout
    assert "1 of 22" in allowed.stderr.splitlines()[-1]


def test_an_interrupted_comparison_goes_on_where_it_was(desk: Path):
    command = ("compare", "-r", "truth", "blur", "noise", "mild", "-m", "vif_p", "-m", "fsim", "--batch-size", "2")
    whole = acutance(*command, "-o", "whole")
    assert whole.returncode == 0, whole.stderr
    wanted = (*command, "-o", "results")
    process = subprocess.Popen([*COMMAND, *wanted], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    scores, deadline = Path("results/scores.csv"), time.monotonic() + 60
    while not (scores.exists() and scores.read_text().count("\n") > 4) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    resumed = acutance(*wanted, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert Path("results/scores.csv").read_text() == Path("whole/scores.csv").read_text()
    assert Path("results/methods.csv").read_text() == Path("whole/methods.csv").read_text()


def test_preferences_need_no_pictures(tmp_path: Path):
    votes = tmp_path / "votes.csv"
    votes.write_text("first,second,winner\nours,swinir,ours\nswinir,ours,tie\nours,swinir,swinir\nours,swinir,ours\n")
    result = acutance("compare", "--preferences", votes, "-f", "csv")
    assert result.returncode == 0, result.stderr
    assert [row["method"] for row in csv.DictReader(result.stdout.splitlines())] == ["ours", "swinir"]
