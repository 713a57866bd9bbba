from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from acutance.catalog import list_records
from acutance.checkpoints.store import read_header, save
from acutance.score_info import ScoreInfo
from tests.fakes.tiny_hyperiqa import tiny_ms_hyperiqa
from tests.raising import lacking
from tests.unit.cli.conftest import Run


@pytest.fixture(autouse=True)
def weights_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights, and no network."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


def test_weights_are_listed_with_size_source_and_licence(run: Run):
    heading, afine, *others = run("weights", "list").stdout.splitlines()
    assert heading.split() == ["weights", "size", "from", "on", "this", "machine", "licence"]
    assert afine.split()[:6] == ["afine", "611", "MB", "chaofengc/IQA-PyTorch-Weights:", "afine.pth", "no"]
    assert "commercial use: unknown" in afine
    assert [line.split()[0] for line in others] == sorted(set(list_records()) - {"afine"})


def test_weights_on_this_machine_are_listed_with_their_place(run: Run, weights_folder: Path):
    (weights_folder / "afine.pth").touch()
    assert f"{weights_folder}/afine.pth" in run("weights", "list").stdout


def test_fetch_prints_the_place_alone_on_stdout(run: Run, weights_folder: Path):
    (weights_folder / "afine.pth").touch()
    result = run("weights", "fetch", "afine", "--offline")
    assert result.stdout == f"{weights_folder}/afine.pth\n"
    assert result.stderr.startswith("Licence: ")


@pytest.mark.parametrize("verb", ["fetch", "verify", "convert"])
def test_weights_that_are_not_here_are_one_line(run: Run, verb: str):
    result = run("weights", verb, "afine")
    assert result.exit_code == 2
    assert result.stdout == ""
    record = ("afine.pth", "611 MB", "chaofengc/IQA-PyTorch-Weights")
    assert not lacking(result.stderr, "acutance", *record, "acutance weights fetch afine")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["fetch", "verify", "convert"])
def test_unknown_weights_are_one_line(run: Run, verb: str):
    result = run("weights", verb, "afin")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, "acutance", "afin", "afine")


def test_a_file_of_something_else_is_one_line(run: Run, tmp_path: Path):
    (tmp_path / "other.pth").write_bytes(b"no weights")
    for verb in ("verify", "convert"):
        result = run("weights", verb, "afine", "other.pth")
        assert result.exit_code == 2
        assert not lacking(result.stderr, "acutance", "other.pth")
        assert result.stderr.count("\n") == 1


def test_converting_never_replaces_a_file_unasked(run: Run, weights_folder: Path):
    (weights_folder / "afine.pth").write_bytes(b"source")
    Path("there.safetensors").write_bytes(b"before")
    result = run("weights", "convert", "afine", weights_folder / "afine.pth", "there.safetensors")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", "there.safetensors")
    onto_itself = (weights_folder / "afine.pth", weights_folder / "afine.pth", "--overwrite")
    assert run("weights", "convert", "afine", *onto_itself).exit_code == 2
    assert (weights_folder / "afine.pth").read_bytes() == b"source"


def test_fetching_a_model_without_its_trunks_brings_them_too(run: Run, weights_folder: Path):
    names = [
        "AHIQ_vit_p8_epoch33-da3ea303.pth",
        "resnet50.a1_in1k.safetensors",
        "vit_base_patch8_224.augreg_in21k_ft_in1k.safetensors",
    ]
    for name in names:
        (weights_folder / name).touch()
    result = run("weights", "fetch", "ahiq", "--offline")
    assert [Path(line).name for line in result.stdout.splitlines()] == names


@pytest.mark.parametrize("name", ["resnet50.a1_in1k", "resnet50.tv_in1k"])
def test_a_trunk_is_verified_by_its_tensors(run: Run, tmp_path: Path, name: str):
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "other.safetensors")
    result = run("weights", "verify", name, "other.safetensors")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", "other.safetensors", "bn1.bias")


def test_a_wrong_file_is_blamed_before_the_trunks_that_it_lacks(run: Run, tmp_path: Path):
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    result = run("weights", "convert", "ahiq", "other.pth", "--offline")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "conv1.weight")


def test_converting_a_run_keeps_what_its_scores_mean_and_what_it_was_validated_with(run: Run, tmp_path: Path):
    options: dict[str, object] = {"protocol": "random", "crops": 2, "seed": 5}
    info = ScoreInfo(better="lower", low=0.0, high=100.0)
    model = tiny_ms_hyperiqa()
    trained, converted = tmp_path / "best.safetensors", tmp_path / "own.safetensors"
    save(
        trained,
        model.state_dict(),
        model="ms_hyperiqa",
        config=model.config(),
        source_sha256=None,
        score_info=info,
        options=options,
    )
    assert run("weights", "convert", "ms_hyperiqa", str(trained), str(converted)).exit_code == 0
    header = read_header(converted)
    assert (header.score_info, header.options) == (info, options)
