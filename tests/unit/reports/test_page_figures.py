import base64
import importlib.util

import pytest

from acutance.reports import page
from acutance.reports.page import write_report
from tests.fakes.report_results import METHODS, TIME, comparison, evaluation_run


def figures(results, folder):
    """What the page says under Figures."""
    write_report(results, folder / "report.html", thumbnails=0, overwrite=True)
    text = (folder / "report.html").read_text(encoding="utf-8")
    return text.partition("<h2>Figures</h2>\n")[2].partition("</section>")[0]


@pytest.mark.slow
def test_figures_of_an_evaluation_are_drawn_as_lines(tmp_path):
    markup = figures(evaluation_run(tmp_path), tmp_path)
    assert markup.count('<img src="data:image/svg+xml;base64,') == 3
    assert base64.b64decode(markup.partition("base64,")[2].partition('"')[0]).startswith(b"<svg")


def test_a_drawing_that_takes_too_much_is_a_picture_instead(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST_SVG_BYTES", 1000)
    markup = figures(comparison(tmp_path), tmp_path)
    assert markup.count('<img src="data:image/png;base64,') == 2
    assert base64.b64decode(markup.partition("base64,")[2].partition('"')[0]).startswith(b"\x89PNG")


def test_a_figure_with_nothing_to_show_says_so_in_its_place(tmp_path):
    run = evaluation_run(tmp_path)
    markup = figures(run.model_copy(update={"evaluations": []}), tmp_path)
    assert "<img" not in markup
    assert '<p class="note">Opinions over scores: Expected ' in markup


@pytest.mark.slow
def test_models_on_several_sets_get_a_matrix(tmp_path):
    run = evaluation_run(tmp_path)
    other = [one.model_copy(update={"dataset": "other"}) for one in run.evaluations]
    both = run.model_copy(update={"evaluations": [*run.evaluations, *other]})
    assert "SRCC of models by datasets" in figures(both, tmp_path)
    assert "SRCC of models by datasets" not in figures(run, tmp_path)


def test_without_matplotlib_there_is_a_line_in_their_place(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert figures(evaluation_run(tmp_path), tmp_path).startswith('<p class="note">Figures need matplotlib')


def test_methods_that_no_model_scored_have_no_figures(tmp_path):
    made = comparison(tmp_path).model_copy(update={"compare_time": TIME, "methods": METHODS, "models": []})
    assert figures(made, tmp_path) == ""
