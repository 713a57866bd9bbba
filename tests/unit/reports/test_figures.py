import subprocess
import sys
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from PIL import Image

from acutance.errors import ConfigError, UnknownNameError
from acutance.extras import install_command
from acutance.reports.plots.canvas import Figure, check_figure_place, figure_png, figure_svg, panel_grid, save_figure
from acutance.reports.plots.comparison import violin_figure
from acutance.reports.plots.evaluation import bars_figure, matrix_figure, scatter_figure
from tests.raising import raises
from tests.unit.reports.drawn import comparison_of, evaluation_of, rising, run_of

RUN = run_of(evaluation_of(*rising(60)), evaluation_of(*rising(60), model="ssim", srcc=0.5))
FIGURES = {
    "scatter": lambda: scatter_figure(RUN, draws=5),
    "bars": lambda: bars_figure(RUN),
    "matrix": lambda: matrix_figure(RUN),
    "dense": lambda: scatter_figure(run_of(evaluation_of(*rising(4000))), draws=0),
    "violins": lambda: violin_figure(comparison_of({"psnr": {"a": [1.0, 2.0, 4.0], "b": [2.0, 3.0, 3.5]}})),
}


def small() -> Figure:
    """A figure of 2 x 1.5 inches."""
    return panel_grid(1, 2.0, 1.5)[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_the_same_results_give_the_same_bytes(name: str, tmp_path: Path):
    for ending in ("png", "svg", "pdf"):
        first, second = tmp_path / f"1.{ending}", tmp_path / f"2.{ending}"
        for path in (first, second):
            save_figure(FIGURES[name](), path, dpi=60)
        assert first.read_bytes() == second.read_bytes()


def test_one_figure_drawn_again_gives_the_same_bytes():
    figure = FIGURES["scatter"]()
    assert figure_png(figure, 60) == figure_png(figure, 60)
    assert figure_svg(figure) == figure_svg(figure)


def test_a_users_own_matplotlib_settings_change_nothing():
    before = figure_svg(FIGURES["bars"]())
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": None, "axes.facecolor": "black", "axes.grid": False}):
        assert figure_svg(FIGURES["bars"]()) == before
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.slow
def test_drawing_leaves_no_trace_in_pyplot_or_its_settings():
    code = """
import sys
import matplotlib as mpl
names = [name for name in mpl.rcParams if name != 'backend']
before = {name: mpl.rcParams[name] for name in names}
from acutance.reports.plots.canvas import figure_png
from acutance.reports.plots.training import TrainingRun, training_figure
import numpy as np
figure_png(training_figure([TrainingRun("a", "epoch", np.arange(3.0), {"val_srcc": np.arange(3.0)})]))
assert "matplotlib.pyplot" not in sys.modules
assert {name: mpl.rcParams[name] for name in names} == before
"""
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("PNG", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_the_ending_chooses_the_format(ending: str, start: bytes, tmp_path: Path):
    path = tmp_path / "new" / f"figure.{ending}"
    save_figure(small(), path)
    assert path.read_bytes().startswith(start)


def test_an_unknown_ending_is_told_with_the_nearest(tmp_path: Path):
    with raises(UnknownNameError, ".pgn", ".png"):
        save_figure(small(), tmp_path / "figure.pgn")
    with raises(UnknownNameError, "figure", ".pdf", ".png", ".svg"):
        check_figure_place(tmp_path / "figure")


def test_a_picture_has_the_dots_that_were_asked_for():
    with Image.open(BytesIO(figure_png(small(), 100))) as image:
        assert image.size == (200, 150)
        assert image.info["dpi"] == pytest.approx((100, 100), abs=0.1)


@pytest.mark.parametrize("dpi", [0, -1, 40_000])
def test_a_resolution_out_of_range_is_refused(dpi: int):
    with raises(ConfigError, 1, 32767, "2.0 x 1.5", dpi, "--dpi"):
        figure_png(small(), dpi)


def test_no_file_is_replaced_unasked(tmp_path: Path):
    path = tmp_path / "figure.png"
    path.write_text("before")
    with raises(ConfigError, "figure.png", "--overwrite"):
        save_figure(small(), path)
    assert path.read_text() == "before"
    save_figure(small(), path, overwrite=True)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_folder_is_not_replaced_even_when_asked(tmp_path: Path):
    (tmp_path / "figure.png").mkdir()
    with raises(ConfigError, "figure.png"):
        save_figure(small(), tmp_path / "figure.png", overwrite=True)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "figure.svg"
    path.write_text("before")

    def fail(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with raises(ConfigError, "figure.svg", "No space left on device"):
        save_figure(small(), path, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["figure.svg"]
    assert path.read_text() == "before"


def test_an_svg_for_a_page_is_one_element_without_a_date():
    text = figure_svg(FIGURES["bars"]())
    assert text.startswith("<svg")
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 (our own)
    assert "date" not in text


def test_letters_of_no_font_are_boxes_and_no_warning():
    figure = panel_grid(1, 2.0, 1.5)[0]
    figure.axes[0].set_title("\U000131f0")
    assert figure_png(figure, 50).startswith(b"\x89PNG")


@pytest.mark.slow
def test_without_matplotlib_the_error_says_what_to_install():
    code = "import sys; sys.modules['matplotlib'] = None; import acutance.reports.plots.evaluation"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = found.stderr.splitlines()[-1]
    assert last.startswith("acutance.errors.MissingExtraError: ")
    assert install_command("plots") in last


def test_a_figure_too_large_for_any_picture_is_refused():
    with raises(ConfigError, 120, 300, "2.0 x 1.5"):
        panel_grid(300, 2.0, 1.5)
