"""What must work where PyTorch is not installed, in one process that may not import it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from acutance.comparison.results import write_comparison
from acutance.evaluation.files import write_run
from tests.fakes.report_results import comparison, evaluation_run, write_picture

WITHOUT_TORCH = """
import json, sys
from pathlib import Path

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "timm", "piq", "lightning_fabric"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusal())  # None in sys.modules would do, were it not that scipy looks at what stands there
from typer.testing import CliRunner
from acutance.cli.app import app
from acutance.images import read_image
from acutance.reports.page import write_report

def told(result):
    return "".join([result.output, repr(result.exception or "")])

results = [CliRunner().invoke(app, words) for words in json.load(sys.stdin)]
assert read_image("data/0.png").shape == (32, 48, 3)
print(json.dumps([[result.exit_code, told(result)] for result in results]))
"""
"""Runs commands; prints what each says."""
COMMANDS = (
    "--help",
    "models",
    "models psnr",
    "weights list",
    "data list",
    "data table data/table.csv data -o whole.csv",
    "data check whole.csv",
    "data distort data -o ladder --types jpeg --levels 1 --workers 1",
    "evaluate --scores scores.csv --better ours=higher -d data/table.csv --draws 5 -o results --report e.html --plots",
    "compare a b --scores methods.csv --better ours=higher --draws 5 -o compared --report c.html --plots",
    "compare --preferences votes.csv --draws 5 --report p.html",
    "plot training run -o training.svg",
    "plot evaluation evaluation -o evaluation.svg",
    "plot compare comparison -o comparison.svg",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rated images, scores of them, votes, methods, and results to plot."""
    monkeypatch.chdir(tmp_path)
    names = [f"{place}.png" for place in range(8)]
    for place, name in enumerate(names):
        for where in ("data", "a", "b"):
            write_picture(tmp_path / where / name, seed=place + ord(where[0]))
    table = [f"{name},{place / 2},{name}" for place, name in enumerate(names)]
    (tmp_path / "data" / "table.csv").write_text("\n".join(["image,mos,reference", *table]))
    scores = [f"{name},{place * place}" for place, name in enumerate(names)]
    (tmp_path / "scores.csv").write_text("\n".join(["image,ours", *scores]))
    both = [f"{where}/{name},{place + ord(where)}" for where in "ab" for place, name in enumerate(names)]
    (tmp_path / "methods.csv").write_text("\n".join(["image,ours", *both]))
    (tmp_path / "votes.csv").write_text("first,second,first_wins\na,b,1\nb,a,0.5\na,b,0")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text('[{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}]')
    write_run(evaluation_run(tmp_path / "evaluated"), tmp_path / "evaluation")
    write_comparison(comparison(tmp_path / "made"), tmp_path / "comparison")
    return tmp_path


@pytest.mark.slow
def test_all_but_scoring_and_training_needs_no_torch(folder: Path):
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH],
        input=json.dumps([command.split() for command in COMMANDS]),
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
        cwd=folder,
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert {command: text for command, (status, text) in zip(COMMANDS, told, strict=True) if status} == {}
    assert all((folder / f"{page}.html").stat().st_size > 10_000 for page in "ecp")
