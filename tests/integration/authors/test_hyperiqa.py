"""The rows of "HyperIQA": each command, option and line of Python as it stands there, on small files in its layouts."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

import acutance
from acutance.cli.app import app
from acutance.models.hyperiqa.preprocess import CROP_SIDE
from acutance.training.settings import configuration
from acutance.weights.store import read_header
from tests.fakes.crop_trainings import rows_of
from tests.fakes.datasets.alone import write_bid, write_koniq10k
from tests.fakes.datasets.matlab import write_live
from tests.fakes.datasets.with_references import write_csiq, write_tid2013
from tests.fakes.hyperiqa_checkpoint import official_tensors, write_official
from tests.fakes.hyperiqa_projects import with_tiny, write_livec, write_picture, write_resnet50
from tests.integration.authors.table import code, commands, options, rows
from tests.raising import lacking

SECTION = "HyperIQA"
RESNET50 = "resnet50-19c8e357.pth"
FIRST = "network.backbone.trunk.conv1.weight"
THERE = "task.data.allow_missing=true"
"""The small datasets are not whole as published."""
BASE = ["train", "hyperiqa", "--data", "livec", "--root", "ChallengeDB_release", "-o", "RUN", "--set", THERE]
"""What rows with options alone go behind."""
TRAINING = 14
"""Images of the small LIVE Challenge that are not held out."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody has who used the authors' code."""
    root = tmp_path_factory.mktemp("desk")
    write_picture(root / "data/D_01.jpg", 1)
    write_resnet50(root / RESNET50)
    (root / "pretrained").mkdir()
    write_official(root / "pretrained/koniq_pretrained.pkl", "hyperiqa", "plain", with_counts=False)
    write_livec(root / "ChallengeDB_release")
    write_koniq10k(root / "koniq-10k", with_sets=False)
    write_bid(root / "BID")
    write_csiq(root / "CSIQ", labels="txt", in_one_folder=True)
    write_tid2013(root / "TID2013")
    write_live(root / "databaserelease2")
    return root


@pytest.fixture
def place(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, to be written into, as the current one."""
    for path in desk.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


def run(words: list[str]) -> Result:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result


def run_row(ours: str, *more: str) -> Result:
    """The command of a row, with more words behind."""
    (command,) = commands(ours)
    return run([*shlex.split(command)[1:], *more])


def trained(ours: str) -> dict[str, Any]:
    """The configuration that a tiny training with the options of a row was run with; it is in RUN."""
    run(with_tiny([*BASE, *options(ours)]))
    return configuration("RUN").model_dump()


def published_file(ours: str) -> None:
    told = run_row(ours).stdout.split()
    assert told[0] == "pretrained/koniq_pretrained.pkl"
    assert told[-2:] == ["layout", "complete"]


def demo(ours: str) -> None:
    run_row(ours, "-o", "scores.csv")
    described = json.loads(Path("scores.csv.provenance.json").read_text())["models"][0]
    settings = described["preprocessing"]
    assert (described["weights"], settings["protocol"], settings["crops"]) == ("koniq_pretrained.pkl", "random", 10)
    assert settings["resize"] == [512, 384]
    model = acutance.load("hyperiqa", "pretrained/koniq_pretrained.pkl", protocol="random", crops=10)
    (row,) = acutance.score(["data/D_01.jpg"], model=model)  # type: ignore[misc]  # rows, of a list
    lines = Path("scores.csv").read_text().splitlines()
    assert float(lines[1].split(",")[lines[0].split(",").index("score")]) == pytest.approx(row.score, abs=1e-4)


def from_python(ours: str) -> None:
    names: dict[str, Any] = {"acutance": acutance, "crops": torch.rand(2, 3, 224, 224)}
    with torch.inference_mode():
        for line in code(ours):
            exec(line, names)  # noqa: S102 (the guide's own lines)
    assert names["scores"].shape == (2,)
    theirs = official_tensors("hyperiqa", "plain")
    own = names["model"].state_dict()
    assert torch.equal(own[FIRST], theirs["res.conv1.weight"])
    assert torch.equal(own["network.generator.last_weight.weight"], theirs["fc5w_fc.weight"])


def rounds(ours: str) -> None:
    (command,) = commands(ours)
    words = shlex.split(command)[1:]
    run([*with_tiny([*words, "--set", THERE]), "--repeats", "2"])
    splits = [json.loads(Path(f"runs/livec/run_0{number}/split.json").read_text()) for number in (1, 2)]
    assert [(len(split["train"]), len(split["validation"]), len(split["test"])) for split in splits] == [(12, 0, 3)] * 2
    assert splits[0]["test"] != splits[1]["test"]


def medians(ours: str) -> None:
    run(with_tiny([*BASE, "--repeats", "2", "--set", "task.data.protocol=hyperiqa"]))
    summary = json.loads(Path("RUN/summary.json").read_text())
    tests = [json.loads(Path(f"RUN/run_0{number}/test.json").read_text()) for number in (1, 2)]
    for name in ("srcc", "plcc"):
        assert f"`{name}`" in ours
        assert summary[name]["median"] == pytest.approx(np.median([test[name] for test in tests]))


def start(ours: str) -> None:
    refused = CliRunner().invoke(app, BASE)
    assert refused.exit_code == 2
    assert not lacking(refused.stderr, "timm/resnet50.tv_in1k", "task.start=FILE", "task.start=none")
    still = ("optimizer.learning_rate=1e-30", "loop.epochs=null", "loop.iterations=1", "loop.batch_size=2")
    quick = ("task.crops=1", "task.validation_crops=1", "loop.workers=0", "loop.device=cpu")
    run([*BASE, *(word for setting in (*still, *quick) for word in ("--set", setting)), *options(ours)])
    backbone = load_file("RUN/last.safetensors")[FIRST]
    assert torch.equal(backbone, torch.load(RESNET50, weights_only=True)["conv1.weight"])


def dataset(name: str, better: str = "higher", resize: list[int] | None = None) -> Callable[[str], None]:
    """A row that trains on a dataset; of the larger ones a step is enough."""

    def check(ours: str) -> None:
        one_step = ("loop.iterations=1", "loop.epochs=null", "task.data.validation_share=0")
        words = ["train", "hyperiqa", "-o", "RUN", "--set", THERE, *options(ours)]
        run(with_tiny([*words, *(word for setting in one_step for word in ("--set", setting))]))
        task: Any = configuration("RUN").task
        data = task.data
        assert data.dataset == name
        header = read_header(Path("RUN/best.safetensors"))
        assert header.score_info is not None
        assert header.score_info.better == better
        assert header.config["resize"] == resize

    return check


def koniq(ours: str) -> None:
    dataset("koniq10k", resize=[512, 384])(ours)
    words = shlex.split(commands(ours)[0])[1:]
    own = with_tiny([*words, "--set", THERE, "--set", "task.data.protocol=own", "--set", "task.model.resize=[384,512]"])
    run(own)
    shown = json.loads(run([*words, "--show"]).stdout)["task"]["model"]["resize"]
    assert read_header(Path("runs/koniq/best.safetensors")).config["resize"] == shown == [384, 512]


def setting(**wanted: Any) -> Callable[[str], None]:
    """A row whose options become settings; ``__`` stands for a dot."""

    def check(ours: str) -> None:
        config = trained(ours)
        for name, value in wanted.items():
            level: Any = config
            for part in name.split("__"):
                level = level[part]
            assert level == value, name

    return check


def crops(ours: str) -> None:
    trained(f"{ours} `--set loop.batch_size={TRAINING}`")
    assert rows_of(Path("RUN"))[0]["iteration"] == 3


def validation_crops(ours: str) -> None:
    trained(ours)
    recorded = read_header(Path("RUN/best.safetensors")).options
    assert recorded is not None
    assert (recorded["protocol"], recorded["crops"]) == ("random", 3)


def rate(ours: str) -> None:
    trained(ours)
    (row,) = rows_of(Path("RUN"))
    assert (row["learning_rate_backbone"], row["learning_rate_hyper"]) == pytest.approx((1e-5, 1e-4))


def rate_of_the_hyper_network(ours: str) -> None:
    trained(ours)
    (row,) = rows_of(Path("RUN"))
    assert row["learning_rate_hyper"] == pytest.approx(5 * row["learning_rate_backbone"])


def batch(ours: str) -> None:
    trained(ours)
    assert rows_of(Path("RUN"))[0]["iteration"] == 2  # of 8 images and of 6


def epochs(ours: str) -> None:
    trained(ours)
    assert [row["epoch"] for row in rows_of(Path("RUN"))] == [1, 2, 3, 4]


def one_crop_size(ours: str) -> None:
    assert "224" in ours
    assert CROP_SIDE == 224
    result = CliRunner().invoke(app, [*BASE, "--set", "task.patch_size=256"])
    assert (result.exit_code, lacking(result.stderr, "patch_size")) == (2, [])


def two_rounds(ours: str) -> None:
    run(with_tiny([*BASE, *options(ours)]))
    assert json.loads(Path("RUN/summary.json").read_text())["runs"] == 2


CHECKS: dict[str, Callable[[str], None]] = {
    "`pretrained/koniq_pretrained.pkl`": published_file,
    "`python demo.py`": demo,
    "`models.HyperNet(16, 112, 224, 112, 56, 28, 14, 7)` and `models.TargetNet(paras)`": from_python,
    "`python train_test_IQA.py`": rounds,
    "`Testing median SRCC`, `median PLCC`": medians,
    "`resnet50-19c8e357.pth`, where their training starts": start,
    "`--dataset livec`": dataset("livec"),
    "`--dataset koniq-10k`": koniq,
    "`--dataset bid`": dataset("bid", resize=[512, 512]),
    "`--dataset live`": dataset("live", "lower"),
    "`--dataset csiq`, `csiq_label.txt` in its folder": dataset("csiq", "lower"),
    "`--dataset tid2013`": dataset("tid2013"),
    "`--train_patch_num 3`": crops,
    "`--test_patch_num 3`": validation_crops,
    "`--lr 1e-5`": rate,
    "`--weight_decay 1e-4`": setting(optimizer__weight_decay=1e-4),
    "`--lr_ratio 5`": rate_of_the_hyper_network,
    "`--batch_size 8`": batch,
    "`--epochs 4`": epochs,
    "`--patch_size 224`": one_crop_size,
    "`--train_test_num 2`": two_rounds,
}


def test_every_row_has_its_check():
    assert list(rows(SECTION)) == list(CHECKS)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("theirs", rows(SECTION))
def test_a_row_does_what_it_says(theirs: str):
    CHECKS[theirs](rows(SECTION)[theirs])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("written", "meant"), [("koniq-10k", "koniq10k"), ("tid-2013", "tid2013")])
def test_a_dataset_by_the_authors_name_is_offered_ours(written: str, meant: str):
    result = CliRunner().invoke(app, ["train", "hyperiqa", "--data", written, "--root", written, "-o", "RUN"])
    assert (result.exit_code, lacking(result.stderr, repr(written), repr(meant))) == (2, [])


@pytest.mark.usefixtures("place")
def test_a_csiq_folder_without_its_list_is_one_line_that_names_it():
    Path("empty").mkdir()
    result = CliRunner().invoke(app, ["train", "hyperiqa", "--data", "csiq", "--root", "empty", "-o", "RUN"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, "csiq_label.txt", "empty")


@pytest.mark.usefixtures("place")
def test_ms_hyperiqa_s_file_is_refused_with_its_name_and_a_key():
    write_official(Path("best_model.pkl"), "ms_hyperiqa", "plain")
    result = CliRunner().invoke(app, ["score", "data/D_01.jpg", "-m", "hyperiqa", "--weights", "best_model.pkl"])
    assert result.exit_code == 2
    assert not lacking(result.stderr.splitlines()[-1], "best_model.pkl", "conv1.0.bias")
