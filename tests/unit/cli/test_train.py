"""``acutance train`` in this process."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from acutance.cli import app as app_module
from acutance.cli.app import app
from acutance.training import run as run_module
from acutance.training.recipes import AUTHORS_NAMES, recipes
from tests.conftest import images_among
from tests.fakes.crop_trainings import TINY_SETTINGS, rows_of, write_rated_images
from tests.raising import lacking
from tests.unit.training.test_events import scalars


def acutance(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def words(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    write_rated_images(root, {"train": 4, "validation": 3, "test": 3})
    return root


def tiny(made: Path, *more: str) -> list[str]:
    table = f"task.data.dataset={made}/table.csv"
    return words(*TINY_SETTINGS, "loop.workers=0", table, "task.data.protocol=own", "task.crops=1", *more)


@pytest.fixture(scope="module")
def trained(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("runs") / "first"
    return folder, acutance("train", "hyperiqa-koniq10k", "-o", folder, *tiny(made))


def test_a_training_ends_with_its_numbers_and_what_to_do_next(trained: tuple[Path, Result]):
    folder, result = trained
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:3] == ["epoch", "iteration", "train_loss"]
    assert [line[0] for line in lines[1:]] == ["1", "2"]
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, "hyperiqa-koniq10k", folder, f"acutance score photos/ --model {folder}")


def test_a_run_leaves_all_that_its_documentation_says(trained: tuple[Path, Result]):
    folder, _ = trained
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("config.json", "metrics.json", "metrics.csv", "train.log", "events", "published"),
        *("best.safetensors", "last.safetensors", "checkpoint.pt"),
    }
    assert [row["epoch"] for row in rows_of(folder)] == [1, 2]
    assert {"train_loss", "train_l1_loss", "train_srcc", "val_srcc", "val_plcc"} <= set(rows_of(folder)[0])
    assert (folder / "train.log").read_text().splitlines()[-1].endswith("| INFO | done")


def test_its_folder_scores_pictures(made: Path, trained: tuple[Path, Result]):
    folder, _ = trained
    result = acutance("score", made / "images", "--model", folder, "-f", "json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)) == 10


def test_its_folder_is_evaluated_on_the_test_part(made: Path, trained: tuple[Path, Result], tmp_path: Path):
    folder, _ = trained
    call = ("--data", made / "table.csv", "--part", "test", "-o", tmp_path / "results")
    result = acutance("evaluate", folder, *call)
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "results/eval_results.json").read_text())
    (dataset,) = content["datasets"].values()
    assert dataset["metrics"]["num_samples"] == 3


def test_its_curves_are_drawn(trained: tuple[Path, Result], tmp_path: Path):
    pytest.importorskip("matplotlib")
    folder, _ = trained
    result = acutance("plot", "training", folder, "-o", tmp_path / "curves.png")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_its_events_are_those_of_its_metrics(trained: tuple[Path, Result]):
    folder, _ = trained
    told = scalars(folder / "events")
    for row in rows_of(folder):
        for name in ("train_loss", "val_srcc", "learning_rate_hyper"):
            assert told[name.replace("_", "/", 1), row["iteration"]] == pytest.approx(row[name], rel=1e-6)


def test_a_finished_run_is_left_as_it_is(trained: tuple[Path, Result]):
    folder, first = trained
    before = (folder / "checkpoint.pt").read_bytes()
    result = acutance("train", folder, "--resume")
    assert (result.exit_code, result.stdout) == (0, first.stdout)
    assert (folder / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("option", ["--auto-resume", "--auto_resume"])
def test_a_run_is_gone_on_with_if_there_is_one(made: Path, tmp_path: Path, option: str):
    call = ("train", "hyperiqa-koniq10k", "-o", tmp_path / "run", option, *tiny(made, "loop.epochs=1"))
    for _ in range(2):
        assert acutance(*call).exit_code == 0
    assert len(rows_of(tmp_path / "run")) == 1
    log = (tmp_path / "run/train.log").read_text()
    assert [log.count(words) for words in ("began at step 0", "resumed at step 1 of 1")] == [1, 1]
    for other in ("--overwrite", "--resume"):
        refused = acutance(*call, other)
        assert refused.exit_code == app_module.USAGE_ERROR
        assert not lacking(refused.stderr, other, "--auto-resume")


def test_what_torch_distributed_launch_adds_to_the_command_is_taken():
    assert acutance("--local-rank=0", "train").exit_code == 0


def test_a_run_is_replaced_only_when_asked_for(made: Path, tmp_path: Path):
    call = ("train", "hyperiqa-koniq10k", "-o", tmp_path / "run", *tiny(made, "loop.epochs=1"))
    assert acutance(*call).exit_code == 0
    weights = (tmp_path / "run/last.safetensors").read_bytes()
    refused = acutance(*call, "--set", "loop.seed=1")
    assert refused.exit_code == 2
    assert not lacking(refused.stderr, "--resume", "--overwrite")
    assert (tmp_path / "run/last.safetensors").read_bytes() == weights
    assert acutance(*call, "--set", "loop.seed=1", "--overwrite").exit_code == 0
    assert (tmp_path / "run/last.safetensors").read_bytes() != weights
    assert len(rows_of(tmp_path / "run")) == len(list((tmp_path / "run/events").iterdir())) == 1


def test_without_a_recipe_all_are_listed():
    result = acutance("train")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["recipe", *recipes()]


def test_the_help_ends_with_three_examples():
    tail = " ".join(acutance("train", "--help").stdout.split()).rpartition("Examples:")[2]
    assert tail.count("acutance ") == 3


def test_the_configuration_is_shown_without_training():
    result = acutance("train", "ms-hyperiqa-koniq10k", "--show", *words("loop.epochs=3"))
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert (shown["recipe"], shown["loop"]["epochs"]) == ("ms-hyperiqa-koniq10k", 3)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hyperiqa-koniq", "-o", "run"], ("hyperiqa-koniq", "hyperiqa-koniq10k")),
        (["hyperiqa-koniq10k"], ("--output runs/first",)),
        (["hyperiqa-koniq10k", "-o", "run"], ("koniq10k", "--root")),
        (["hyperiqa-koniq10k", "-o", "run", *words("task.data.root=gone")], ("gone",)),
        (["hyperiqa-koniq10k", "-o", "run", *words("loop.bach_size=3")], ("bach_size", "batch_size")),
        (["hyperiqa-koniq10k", "-o", "run", *words("loop.epochs=0")], ("loop.epochs=0",)),
        (["hyperiqa-koniq10k", "-o", "run", *words("task.data.dataset=")], ("--data koniq10k",)),
        (["hyperiqa-koniq10k", "-o", "run", *words("loop.device=tpu")], ("auto", "cpu", "cuda", "tpu")),
        (["run", "--resume"], ("'run'",)),
        (["--resume"], ()),
        (["--auto-resume"], ()),
        (["--repeats", "3"], ()),
        (["vtamiq-pieapp", "-o", "run", "--repeats", "3"], ("vtamiq-pieapp", "--repeats")),
        (["vtamiq-live", "-o", "run", "--repeats", "3", "--resume"], ("live", "--root")),
        (["hyperiqa-koniq10k", "-o", "run", "--resume"], ("config.json", "run")),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], expected: tuple[str, ...]
):
    monkeypatch.chdir(tmp_path)
    result = acutance("train", *arguments)
    assert result.exit_code == app_module.USAGE_ERROR
    assert not lacking(result.stderr, "acutance", *expected)
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("setting", ["task.data.dataset=gone.csv", "task.start=gone.pth"])
def test_no_process_is_started_for_what_is_wrong_from_the_start(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
):
    monkeypatch.delattr(run_module, "launched")
    result = acutance("train", "hyperiqa-koniq10k", "-o", tmp_path / "run", *tiny(made, "loop.processes=2", setting))
    assert result.exit_code == app_module.USAGE_ERROR
    assert "gone" in result.stderr
    assert not (tmp_path / "run").exists()


def test_the_command_opens_no_test_picture(made: Path, tmp_path: Path, opened: list[str]):
    result = acutance("train", "hyperiqa-koniq10k", "-o", tmp_path / "run", *tiny(made, "loop.epochs=1"))
    assert result.exit_code == 0, result.output
    assert {name.split("_")[0] for name in images_among(opened)} == {"train", "validation"}


def test_a_training_interrupted_says_how_to_go_on(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(torch.optim.Adam, "step", interrupted)
    result = acutance("train", "hyperiqa-koniq10k", "-o", tmp_path / "run", *tiny(made))
    assert result.exit_code == app_module.INTERRUPTED
    assert not lacking(result.stderr.splitlines()[-1], "acutance", "--resume")


def test_a_list_and_its_folder_are_named_by_options(made: Path, tmp_path: Path):
    items = [
        {"image": f"images/{path.name}", "score": number}
        for number, path in enumerate(sorted((made / "images").iterdir()))
    ]
    (tmp_path / "list.json").write_text(json.dumps(items))
    named = ("--data", tmp_path / "list.json", "--root", made, "--validation", "0.3")
    tiny_network = words(*TINY_SETTINGS, "loop.workers=0", "loop.epochs=1", "task.crops=1")
    result = acutance("train", "ms-hyperiqa", *named, "-o", tmp_path / "run", *tiny_network)
    assert result.exit_code == 0, result.output
    data = json.loads((tmp_path / "run/config.json").read_text())["task"]["data"]
    assert (data["dataset"], data["root"], data["validation_share"]) == (str(tmp_path / "list.json"), str(made), 0.3)
    assert rows_of(tmp_path / "run")[0]["val_srcc"] is not None


def test_a_setting_is_stronger_than_an_option(made: Path):
    result = acutance(
        "train", "ms-hyperiqa", "--validation", "0.3", "--set", "task.data.validation_share=0.2", "--show"
    )
    assert json.loads(result.stdout)["task"]["data"]["validation_share"] == 0.2


def test_the_help_says_what_the_authors_options_are_called():
    told = " ".join(acutance("train", "--help").stdout.split())
    assert all(f"{theirs} =" in told for theirs in AUTHORS_NAMES)


@pytest.mark.parametrize("words", [("--lr", "1e-5"), ("--lr=1e-5",)])
def test_an_option_of_the_authors_programs_is_told_ours(words: tuple[str, ...]):
    result = acutance("train", "ms-hyperiqa", *words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, "'lr'", "--set optimizer.learning_rate=")
