import base64
import importlib.util

import pytest

from acutance.reports import html as page_figures
from acutance.reports.html import comparison_figures, evaluation_figures
from tests.fakes.report_results import METHODS, TIME, comparison, evaluation_run


@pytest.mark.slow
def test_figures_of_an_evaluation_are_drawn_as_lines(tmp_path):
    markup = evaluation_figures(evaluation_run(tmp_path)).content
    assert markup.count('<img src="data:image/svg+xml;base64,') == 3
    assert base64.b64decode(markup.partition("base64,")[2].partition('"')[0]).startswith(b"<svg")


def test_a_drawing_that_takes_too_much_is_a_picture_instead(tmp_path, monkeypatch):
    monkeypatch.setattr(page_figures, "MOST_SVG_BYTES", 1000)
    markup = comparison_figures(comparison(tmp_path)).content
    assert markup.count('<img src="data:image/png;base64,') == 2
    assert base64.b64decode(markup.partition("base64,")[2].partition('"')[0]).startswith(b"\x89PNG")


def test_a_figure_with_nothing_to_show_says_so_in_its_place(tmp_path):
    run = evaluation_run(tmp_path)
    markup = evaluation_figures(run.model_copy(update={"evaluations": []})).content
    assert "<img" not in markup
    assert '<p class="note">Opinions over scores: Expected ' in markup


@pytest.mark.slow
def test_models_on_several_sets_get_a_matrix(tmp_path):
    run = evaluation_run(tmp_path)
    other = [one.model_copy(update={"dataset": "other"}) for one in run.evaluations]
    both = run.model_copy(update={"evaluations": [*run.evaluations, *other]})
    assert "SRCC of models by data sets" in evaluation_figures(both).content
    assert "SRCC of models by data sets" not in evaluation_figures(run).content


def test_without_matplotlib_there_is_a_line_in_their_place(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert evaluation_figures(evaluation_run(tmp_path)).content.startswith('<p class="note">Figures need matplotlib')


def test_methods_that_no_model_scored_have_no_figures(tmp_path):
    made = comparison(tmp_path).model_copy(update={"compare_time": TIME, "methods": METHODS, "models": []})
    assert comparison_figures(made).content == ""
