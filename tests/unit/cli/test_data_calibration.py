from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from acutance.cli.data_lists import calibrate, normalize
from acutance.errors import ConfigError
from tests.fakes.datasets.files import write_lines
from tests.fakes.datasets.restored import write_pipal
from tests.raising import lacking

app = typer.Typer()
app.command()(normalize)
app.command()(calibrate)
SCORES = ["image,model,score,raw_naturalness", *(f"x/p{place}.bmp,one,0,{place**1.5}" for place in range(5))]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a verb in a folder with ``n.txt``, opinions of five images from -2 to 2, and ``s.csv``, scores of them."""
    monkeypatch.chdir(tmp_path)
    write_lines(Path("n.txt"), [f"p{place}.bmp,r.bmp,{place - 2}" for place in range(5)])
    write_lines(Path("s.csv"), SCORES)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_first_values_are_printed_and_how_to_take_them(run: Callable[..., Result]):
    result = run("calibrate", "s.csv", "n.txt")
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["gamma3", "gamma4"]
    assert not lacking(result.stderr, "--set task.gamma3=", "--set task.gamma4=")


def test_a_file_of_several_models_needs_a_name(run: Callable[..., Result]):
    write_lines(Path("s.csv"), [*SCORES, "x/p0.bmp,two,0,9"])
    assert not lacking(str(run("calibrate", "s.csv", "n.txt").exception), "one", "two", "--model")
    assert run("calibrate", "s.csv", "n.txt", "--model", "one").exit_code == 0
    assert not lacking(str(run("calibrate", "s.csv", "n.txt", "--model", "three").exception), "three", "one")


def test_two_scores_of_one_picture_are_told(run: Callable[..., Result]):
    write_lines(Path("s.csv"), [*SCORES, "y/P0.bmp,one,0,9"])
    result = run("calibrate", "s.csv", "n.txt")
    assert isinstance(result.exception, ConfigError)
    assert not lacking(str(result.exception), "P0.bmp")


def test_the_training_part_of_a_dataset_is_normalised_by_its_name(run: Callable[..., Result]):
    write_pipal(Path("pipal"))
    result = run("normalize", "pipal", "pipal", "-o", "out.txt", "--allow-missing")
    assert result.exit_code == 0, result.output
    lines = [line.split(",") for line in Path("out.txt").read_text().splitlines()]
    assert len(lines) == 6
    assert lines[0] == ["A0000_00_00.bmp", "A0000.bmp", "2.0"]
    assert [float(value) for *_, value in lines] == pytest.approx([2 - 0.8 * place for place in range(6)])


def test_a_list_that_is_there_is_not_replaced_unasked(run: Callable[..., Result]):
    write_lines(Path("MOS/r.txt"), ["a.bmp,r.bmp,1", "b.bmp,r.bmp,2"])
    assert not lacking(str(run("normalize", "MOS", "-o", "n.txt").exception), "n.txt", "--overwrite")
    assert run("normalize", "MOS", "-o", "n.txt", "--overwrite").exit_code == 0
    assert Path("n.txt").read_text() == "a.bmp,r.bmp,2.0\nb.bmp,r.bmp,-2.0\n"


def test_a_folder_beside_a_folder_is_told(run: Callable[..., Result]):
    write_lines(Path("MOS/r.txt"), ["a.bmp,r.bmp,1", "b.bmp,r.bmp,2"])
    assert isinstance(run("normalize", "MOS", "images", "-o", "o.txt").exception, ConfigError)
    assert isinstance(run("normalize", "pipal", "-o", "o.txt").exception, ConfigError)


def test_the_folder_of_the_lists_is_not_written_into(run: Callable[..., Result]):
    write_lines(Path("MOS/r.txt"), ["a.bmp,r.bmp,1", "b.bmp,r.bmp,2"])
    assert not lacking(str(run("normalize", "MOS", "-o", "MOS/n.txt").exception), "MOS/n.txt")
    assert [path.name for path in Path("MOS").iterdir()] == ["r.txt"]
