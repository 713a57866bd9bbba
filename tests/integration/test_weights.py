import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import acutance as package
from acutance.cli.app import app
from tests.fakes.hub import Hub, running_hub
from tests.integration.conftest import EXAMPLES, acutance
from tests.raising import lacking

DISTORTED, REFERENCE = EXAMPLES / "distorted/coffee_blur.png", EXAMPLES / "reference/coffee.png"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def converted(afine_pth: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("converted") / "afine.safetensors"
    assert run("weights", "convert", "afine", afine_pth, path).startswith(f"{path} (355 MB, from 61")
    return path


def test_weights_on_this_machine_are_listed_and_verified(afine_pth: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(afine_pth.parent))
    assert str(afine_pth) in run("weights", "list")
    result = CliRunner().invoke(app, ["weights", "verify", "afine"])
    lines = result.stdout.splitlines()
    assert (lines[0], lines[2]) == (str(afine_pth), "layout complete")
    assert "43.15711594" in lines[3]  # which the numbers of the published file alone give
    assert result.exit_code == 1


def test_published_and_converted_weights_give_the_same_scores(afine_pth: Path, converted: Path):
    files = {"afine": converted, "afine-naturalness": afine_pth}
    weights = [part for name, file in files.items() for part in ("-m", name, "--weights", f"{name}={file}")]
    result = run("score", DISTORTED, "-r", REFERENCE, *weights, "--terms", "-f", "csv")
    both, alone = csv.DictReader(result.splitlines())
    assert (both["model"], alone["model"]) == ("afine", "afine-naturalness")
    assert float(both["naturalness"]) == pytest.approx(float(alone["naturalness"]), abs=1e-5)
    assert float(alone["score"]) == float(alone["naturalness"])
    assert alone["reference"] == ""
    assert both["reference"] == REFERENCE.as_posix()


def test_a_score_can_be_cited(converted: Path):
    score = package.score(DISTORTED, reference=REFERENCE, model="afine", weights=converted, precision="bfloat16")
    assert isinstance(score, package.Score)
    (model,) = score.provenance["models"]
    assert model["weights"] == "afine.safetensors"
    assert len(model["weights_sha256"]) == 64
    assert model["precision"] == "bfloat16"
    assert set(score.terms) == {
        "raw_naturalness",
        "raw_reference_naturalness",
        "naturalness",
        "reference_naturalness",
        "raw_fidelity",
        "fidelity",
        "adaptive",
    }


def test_weights_are_fetched_once_and_found_offline(tmp_path: Path):
    with running_hub(Hub(content=bytes(range(256)) * 64)) as hub:
        home = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": hub.endpoint}
        first = acutance("weights", "fetch", "afine", **home)
        assert first.returncode == 0, first.stderr
        assert Path(first.stdout.strip()).read_bytes() == hub.content
    again = acutance("weights", "fetch", "afine", "--offline", HF_HOME=str(tmp_path))
    assert again.stdout == first.stdout


def test_a_file_that_is_not_the_one_of_its_first_use_is_told_when_it_is_loaded(
    afine_pth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "afine.pth").symlink_to(afine_pth)
    (tmp_path / "afine.pth.sha256").write_text(f"{'ab' * 32}  afine.pth\n")
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    package.load("afine-naturalness")
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("acutance")]
    assert not lacking(line, tmp_path / "afine.pth", "ab" * 32, "acutance weights verify afine")
