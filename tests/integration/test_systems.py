"""The five systems score the example images with weights in their published layouts."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.integration.conftest import EXAMPLES, acutance

SYSTEMS = ("afine", "ahiq", "hyperiqa", "ms_hyperiqa", "vtamiq-head")
PAIRED = (EXAMPLES / "distorted", "--reference", EXAMPLES / "reference", "--pair-by", "^([a-z]+)", "--offline")


@pytest.fixture(scope="module")
def scored(weights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of scores of one run of the command."""
    output = tmp_path_factory.mktemp("scores") / "scores.csv"
    chosen = [word for name in SYSTEMS for word in ("--model", name)]
    result = acutance("score", *PAIRED, *chosen, "--terms", "-o", output, ACUTANCE_WEIGHTS=str(weights_folder))
    assert result.returncode == 0, result.stderr
    return output


def test_every_system_scores_every_picture(scored: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(scored.read_text())))
    assert [row["model"] for row in rows] == [*SYSTEMS] * 3
    for row in rows:
        assert row["error"] == ""
        assert row["score"]
    assert len({row["score"] for row in rows}) == len(rows)
    assert all(row["highest_crop"] for row in rows if row["model"] == "ahiq")


def test_the_scores_say_which_weights_and_which_crops(scored: Path) -> None:
    described = json.loads(scored.with_name("scores.csv.provenance.json").read_text())
    models = {model["model"]: model for model in described["models"]}
    assert set(models) == set(SYSTEMS)
    assert all(len(model["weights_sha256"]) == 64 for model in models.values())
    assert {models[name]["preprocessing"]["protocol"] for name in SYSTEMS[1:]} == {"cover"}
    assert set(models["ahiq"]["trunk_sha256"]) == {"resnet50.a1_in1k", "vit_base_patch8_224.augreg_in21k_ft_in1k"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ahiq", "AHIQ_vit_p8_epoch33-da3ea303.pth"),
        ("hyperiqa", "koniq_pretrained.pkl"),
        ("ms_hyperiqa", "best_model.pkl"),
        ("vtamiq-head", "vtamiq.head.pth"),
    ],
)
def test_missing_weights_are_one_line_that_says_what_to_do(tmp_path: Path, name: str, words: str) -> None:
    result = acutance("score", *PAIRED, "--model", name, ACUTANCE_WEIGHTS=str(tmp_path), HF_HOME=str(tmp_path))
    assert result.returncode == 2
    assert result.stdout == ""
    line = result.stderr.splitlines()[-1]
    assert line.startswith("acutance: ")
    assert words in line
    assert "put the file into the folder ACUTANCE_WEIGHTS names" in line


def test_missing_trunks_are_one_line_with_the_names_they_must_have(weights_folder: Path, tmp_path: Path) -> None:
    heads = "AHIQ_vit_p8_epoch33-da3ea303.pth"
    (tmp_path / heads).symlink_to(weights_folder / heads)
    result = acutance("score", *PAIRED, "--model", "ahiq", ACUTANCE_WEIGHTS=str(tmp_path), HF_HOME=str(tmp_path))
    assert result.returncode == 2
    line = result.stderr.splitlines()[-1]
    assert "weights fetch" in line
    assert "as resnet50.a1_in1k.safetensors." in line
    assert line.endswith("(as vit_base_patch8_224.augreg_in21k_ft_in1k.safetensors).")


def test_a_converted_file_of_ahiq_needs_no_trunk_and_scores_the_same(
    weights_folder: Path, scored: Path, tmp_path: Path
) -> None:
    own = tmp_path / "ahiq.safetensors"
    converted = acutance(
        "weights", "convert", "ahiq", weights_folder / "AHIQ_vit_p8_epoch33-da3ea303.pth", own,
        ACUTANCE_WEIGHTS=str(weights_folder),
    )  # fmt: skip
    assert converted.returncode == 0, converted.stderr
    result = acutance("score", *PAIRED, "--model", "ahiq", "--format", "csv", ACUTANCE_WEIGHTS=str(tmp_path))
    before = [row["score"] for row in csv.DictReader(io.StringIO(scored.read_text())) if row["model"] == "ahiq"]
    assert [row["score"] for row in csv.DictReader(io.StringIO(result.stdout))] == before
