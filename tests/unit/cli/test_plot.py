import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from acutance.comparison.results import write_comparison
from acutance.evaluation.files import write_run
from acutance.extras import install_command
from tests.raising import lacking
from tests.unit.cli.conftest import Run
from tests.unit.reports.drawn import comparison_of, evaluation_of, rising, run_of

EPOCHS = [
    {"epoch": epoch, "train_loss": 9 - epoch, "val_srcc": epoch / 10, "val_plcc": epoch / 9} for epoch in (1, 2, 3)
]


def write_training(folder: str) -> Path:
    """The file that MS-HyperIQA writes after each epoch."""
    Path(folder).mkdir(parents=True)
    path = Path(folder) / "metrics.json"
    path.write_text(json.dumps({"epochs": EPOCHS}, indent=2))
    return path


def write_evaluation(folder: str, *datasets: str) -> Path:
    """The file that MS-HyperIQA's evaluation writes."""
    draw = np.random.default_rng(0)
    predictions = [
        {"image": f"koniq/{place}.jpg", "predicted": 50 + float(score), "ground_truth": 60 + 2 * float(score)}
        for place, score in enumerate(draw.normal(size=30))
    ]
    metrics = {"srcc": 1.0, "plcc": 1.0, "num_samples": 30}
    Path(folder).mkdir(parents=True)
    path = Path(folder) / "eval_results.json"
    found = {name: {"metrics": metrics, "predictions": predictions} for name in datasets}
    path.write_text(
        json.dumps(
            {"model_path": "/m.pkl", "model_type": "MS-HyperIQA", "eval_time": "2030-01-31 12:00:00", "patch_num": 25,
             "datasets": found}
        )
    )  # fmt: skip
    return path


def is_png(path: str) -> bool:
    return Path(path).read_bytes().startswith(b"\x89PNG")


def test_trainings_are_drawn_from_folders_and_files(run: Run):
    path = write_training("runs/a")
    write_training("runs/b")
    result = run("plot", "training", path, "runs/b", "-o", "new/training.png", "--dpi", 40)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "new/training.png\n", "")
    assert is_png("new/training.png")


def test_quantities_and_labels_of_trainings_reach_the_figure(run: Run):
    write_training("a")
    write_training("b")
    plain, other = (
        run("plot", "training", "a", "b", "-o", f"{name}.svg", *options).exit_code
        for name, options in (("1", ()), ("2", ("--labels", "x", "--labels", "y", "--quantity", "plcc")))
    )
    assert (plain, other) == (0, 0)
    assert Path("1.svg").stat().st_size > Path("2.svg").stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["scatter", "bars", "matrix"])
def test_files_of_ms_hyperiqa_are_drawn(run: Run, kind: str):
    write_evaluation("a", "koniq_test", "spaq_test")
    write_evaluation("b", "koniq_test")
    verb = (
        "plot",
        "evaluation",
        "a/eval_results.json",
        "b/eval_results.json",
        "--kind",
        kind,
        "--draws",
        5,
        "--dpi",
        40,
    )
    result = run(*verb, "-o", "figure.png", "--labels", "one", "--labels", "two")
    assert (result.exit_code, result.stdout) == (0, "figure.png\n"), result.output
    assert is_png("figure.png")
    assert run(*verb, "-o", "unlabelled.pdf").exit_code == 0
    assert Path("unlabelled.pdf").read_bytes().startswith(b"%PDF")


def test_an_evaluation_of_ones_own_is_drawn_from_its_folder(run: Run):
    write_run(run_of(evaluation_of(*rising(30)), evaluation_of(*rising(30), model="ssim")), "results")
    result = run("plot", "evaluation", "results", "-o", "figure.svg", "--kind", "bars")
    assert result.exit_code == 0
    assert Path("figure.svg").read_text().startswith("<?xml")


def test_groups_that_are_not_there_are_one_line_and_no_figure(run: Run):
    write_evaluation("a", "koniq_test")
    result = run("plot", "evaluation", "a", "-o", "figure.png", "--kind", "groups", "--by", "level")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", "level", "--by", "--kind")
    assert not Path("figure.png").exists()


@pytest.mark.parametrize("kind", ["violins", "wins"])
def test_comparisons_are_drawn_alone_and_overlaid_by_the_names_of_their_folders(run: Run, kind: str):
    for folder in ("old", "new"):
        write_comparison(comparison_of({"psnr": {"a": [1.0, 2.0, 4.0], "b": [2.0, 2.5, 3.0]}}), folder)
    alone = run("plot", "compare", "old", "-o", "one.png", "--kind", kind, "--dpi", 40)
    both = run("plot", "compare", "old/comparison.json", "new", "-o", "both.png", "--kind", kind, "--dpi", 40)
    assert (alone.exit_code, both.exit_code) == (0, 0), both.output
    assert is_png("one.png")
    assert is_png("both.png")


def test_the_same_command_writes_the_same_bytes(run: Run):
    write_evaluation("a", "koniq_test")
    for name in ("1.png", "2.png", "1.svg", "2.svg"):
        assert run("plot", "evaluation", "a", "-o", name, "--draws", 5, "--dpi", 40).exit_code == 0
    assert Path("1.png").read_bytes() == Path("2.png").read_bytes()
    assert Path("1.svg").read_bytes() == Path("2.svg").read_bytes()


@pytest.mark.parametrize("verb", ["training", "evaluation", "compare"])
def test_the_output_is_looked_at_before_anything_is_read(run: Run, verb: str):
    Path("there.png").write_text("before")
    result = run("plot", verb, "absent", "-o", "there.png")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, "acutance", "there.png", "--overwrite")
    assert not lacking(run("plot", verb, "absent", "-o", "a.jpg").stderr, ".jpg")
    assert Path("there.png").read_text() == "before"


@pytest.mark.parametrize("verb", ["training", "evaluation", "compare"])
def test_an_input_that_is_not_there_is_one_line(run: Run, verb: str):
    result = run("plot", verb, "absent.json", "-o", "a.png")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", "absent.json")
    assert result.stderr.count("\n") == 1


def test_labels_must_fit_the_files(run: Run):
    write_training("a")
    result = run("plot", "training", "a", "-o", "a.png", "--labels", "x", "--labels", "y")
    assert result.stderr.count("\n") == 1
    assert not lacking(result.stderr, 2, 1, "--labels")


def test_an_old_figure_is_replaced_on_request(run: Run):
    write_training("a")
    Path("a.png").write_text("before")
    assert run("plot", "training", "a", "-o", "a.png", "--overwrite", "--dpi", 30).exit_code == 0
    assert is_png("a.png")


@pytest.mark.parametrize("verb", ["training", "evaluation", "compare"])
def test_help_ends_with_two_examples(run: Run, verb: str):
    text = " ".join(run("plot", verb, "--help").stdout.split())
    assert text.rpartition("Examples:")[2].count(f"acutance plot {verb} ") == 2


def test_without_matplotlib_the_command_says_what_to_install(tmp_path: Path):
    code = "import sys; sys.modules['matplotlib'] = None; from acutance.cli.app import main; main()"
    command = [sys.executable, "-c", code, "plot", "training", "absent", "-o", "a.png"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert found.returncode == 2
    assert install_command("plots") in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("scatter", ["--by", "level"]),
        ("scatter", ["--statistic", "krcc"]),
        ("bars", ["--draws", "10"]),
        ("bars", ["--by", "level"]),
        ("groups", ["--seed", "1"]),
        ("matrix", ["--by", "level"]),
    ],
)
def test_an_option_that_a_kind_of_figure_has_no_use_for_is_said(run: Run, kind: str, option: list[str]):
    write_run(run_of(evaluation_of(*rising(30))), "results")
    result = run("plot", "evaluation", "results", "-o", "x.png", "--kind", kind, *option)
    assert option[0] in result.stderr


def test_patches_of_a_picture_are_drawn_without_weights(run: Run):
    grid = ("--set", "vtamiq-head.protocol=grid", "--set", "vtamiq-head.patches=9")
    result = run(
        "plot", "patches", "out/a.png", "-r", "truth/a.png", "-m", "vtamiq-head", *grid, "-o", "p.png", "--dpi", 40
    )
    assert (result.exit_code, result.stdout, result.stderr) == (0, "p.png\n", "")
    assert is_png("p.png")


@pytest.mark.parametrize("kind", ["outlines", "heat"])
def test_patches_are_drawn_as_pdf_outlined_or_counted(run: Run, kind: str):
    assert (
        run("plot", "patches", "out/a.png", "-m", "hyperiqa", "--kind", kind, "-o", "p.pdf", "--dpi", 40).exit_code == 0
    )
    assert Path("p.pdf").read_bytes().startswith(b"%PDF")


def test_patches_of_a_model_that_sees_pictures_whole_are_one_line(run: Run):
    result = run("plot", "patches", "out/a.png", "-m", "psnr", "-o", "p.png")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, "psnr", "ahiq")
    assert not Path("p.png").exists()
