import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from acutance.catalog import list_records
from acutance.models.afine import model
from acutance.types import ScoreInfo
from acutance.weights.download import sha256_of
from acutance.weights.store import read_header, save
from tests.fakes.afine_stages import narrow_encoder, write_stages
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
    assert heading.split() == ["weights", "size", "from", "on", "this", "machine", "licence", "by", "hand"]
    assert afine.split()[:6] == ["afine", "611", "MB", "chaofengc/IQA-PyTorch-Weights:", "afine.pth", "no"]
    assert "commercial use: unknown" in afine
    assert [line.split()[0] for line in others] == sorted(set(list_records()) - {"afine"})


def test_weights_on_this_machine_are_listed_with_their_place(run: Run, weights_folder: Path):
    (weights_folder / "afine.pth").touch()
    assert f"{weights_folder}/afine.pth" in run("weights", "list").stdout


def test_every_file_is_listed_with_its_size(run: Run):
    for line in run("weights", "list").stdout.splitlines()[1:]:
        size, unit = line.split()[1:3]
        assert (int(size) > 1, unit) == (True, "MB"), line


def test_files_to_fetch_by_hand_are_listed_with_the_name_they_get(run: Run):
    lines = {line.split()[0]: line for line in run("weights", "list").stdout.splitlines()[1:]}
    assert not lacking(lines["vit-b16-384-google"], "storage.googleapis.com", "imagenet21k+imagenet2012_ViT-B_16.npz")
    assert lines["ms_hyperiqa"].endswith("as ms_hyperiqa.pkl")
    assert lines["afine"].endswith("ask the authors first.")


@pytest.mark.parametrize("columns", [80, 100])
def test_the_list_fits_a_terminal(run: Run, weights_folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int):
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", str(columns))):
        monkeypatch.setenv(name, value)
    (weights_folder / "koniq_pretrained.pkl").write_bytes(bytes(3_000_000))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", run("weights", "list").stdout)
    table, by_hand, here, last = shown.split("\n\n")
    assert all(len(line) <= columns for line in shown.splitlines() if len(line.split()) > 1)
    (address,) = re.findall(r"https://\S+ViT-B-32.pt", by_hand)
    assert address in str(list_records()["clip-vit-b32-openai"].origin)
    rows = {line.split()[0]: line.split()[1:] for line in table.splitlines()[1:]}
    assert list(rows) == sorted(list_records())
    assert rows["afine"] == ["611", "MB", "fetch", "no", "unknown"]
    assert rows["afine-tiny"] == ["10", "MB", "package", "yes", "unknown"]
    assert rows["hyperiqa"] == ["3", "MB", "hand", "yes", "unknown"]
    assert rows["vit-b16-384-google"][2:] == ["hand", "no", "yes"]
    assert not lacking(by_hand, str(weights_folder), "vtamiq.head.pth", "ViT-B_16.npz")
    assert "koniq_pretrained.pkl" not in by_hand
    assert f"    {weights_folder}/koniq_pretrained.pkl" in here.splitlines()
    assert "acutance weights fetch" in last


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


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authors' files in the folders of A-FINE's stages."""
    monkeypatch.setattr(model, "ClipImageEncoder", narrow_encoder)
    return write_stages(tmp_path / "released", archive=False)


def test_files_of_stages_are_merged_with_the_checksum_of_each(run: Run, released: Path):
    assert run("weights", "merge", released, "-o", "afine.safetensors").exit_code == 0
    header = read_header(Path("afine.safetensors"))
    assert (header.model, header.scores_as, header.source_sha256) == ("afine", None, None)
    assert len(header.trunk_sha256) == 6
    assert header.trunk_sha256["net_dhead.pth"] == sha256_of(released / "AFINE_stage2_nlogn/net_dhead.pth")


def test_a_half_is_merged_of_its_files_and_scores(run: Run, released: Path):
    stage = released / "AFINE_stage1_nlogn"
    assert run("weights", "merge", stage, "-m", "afine-naturalness", "-o", "half.safetensors").exit_code == 0
    assert read_header(Path("half.safetensors")).scores_as == "afine-naturalness"
    assert run("score", "out/a.png", "-m", "afine-naturalness", "--weights", "half.safetensors").exit_code == 0
    whole = run("score", "out/a.png", "-r", "truth/a.png", "-m", "afine", "--weights", "half.safetensors")
    assert whole.exit_code == 2
    assert not lacking(whole.stderr, "half.safetensors", "adapter.k")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("released/AFINE_stage1_nlogn", "-o", "a.safetensors"), ("net_dhead.pth", "released/AFINE_stage1_nlogn")),
        (("nowhere", "-o", "a.safetensors"), ("nowhere",)),
        (("released", "-o", "a.bin"), ("a.bin", ".safetensors", ".pth")),
        (("released", "-m", "afine-fidelity", "-o", "a.pth"), ("a.pth", ".safetensors")),
        (("released", "-m", "hyperiqa", "-o", "a.safetensors"), ("hyperiqa",)),
        (("released", "-o", "there.safetensors"), ("there.safetensors", "--overwrite")),
        (("released", "out/a.png", "-o", "a.safetensors"), ("out/a.png",)),
    ],
    ids=["a file missing", "no folder", "another kind", "a half as published", "one file", "there", "no weights"],
)
def test_what_cannot_be_merged_is_one_line(
    run: Run, released: Path, arguments: tuple[str, ...], named: tuple[str, ...]
):
    Path("there.safetensors").write_bytes(b"before")
    result = run("weights", "merge", *arguments)
    assert result.exit_code == 2
    assert not lacking(result.stderr, *named)
    assert result.stderr.count("\n") == 1
    assert Path("there.safetensors").read_bytes() == b"before"
    assert not list(Path().glob("a.*"))


def test_a_file_that_is_merged_is_not_replaced(run: Run, released: Path):
    clip = released / "AFINE_stage1_nlogn/clip_model.pth"
    before = clip.read_bytes()
    assert run("weights", "merge", released, "-o", clip, "--overwrite").exit_code == 2
    assert clip.read_bytes() == before


def test_a_folder_is_merged_and_not_converted(run: Run, released: Path):
    result = run("weights", "convert", "afine", released)
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance weights merge")


def test_the_digest_of_a_file_that_is_not_the_published_one_is_not_kept(run: Run, tmp_path: Path):
    torch.save({"other": torch.ones(2)}, tmp_path / "afine.pth")
    assert run("weights", "verify", "afine", str(tmp_path / "afine.pth")).exit_code == 2
    assert not (tmp_path / "afine.pth.sha256").exists()


def test_a_folder_is_told_from_a_file_that_is_not_there(run: Run, tmp_path: Path):
    (tmp_path / "released").mkdir()
    assert not lacking(run("weights", "verify", "afine", str(tmp_path / "released")).stderr, "folder")


def test_a_foreign_file_for_weights_that_nobody_else_files_is_named(run: Run, tmp_path: Path):
    torch.save({"other": torch.ones(2)}, tmp_path / "mine.pth")
    result = run("weights", "verify", "afine-tiny", str(tmp_path / "mine.pth"))
    assert result.exit_code == 2
    assert not lacking(result.stderr, "mine.pth")
