import base64
import hashlib
import math
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from acutance.comparison.api import compare_scores
from acutance.comparison.measure import Draws
from acutance.comparison.results import Comparison, Strength
from acutance.errors import ConfigError
from acutance.evaluation.results import EvaluationRun
from acutance.extras import install_command
from acutance.reports import page
from acutance.reports.page import check_report_place, write_report
from tests.fakes.report_results import HOSTILE, TIME, UNREADABLE_BYTES, comparison, evaluation_run
from tests.raising import raises
from tests.unit.comparison.fakes import picture

EMPTY = EvaluationRun(eval_time=TIME, evaluations=[])


@pytest.fixture(autouse=True)
def _without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if matplotlib were not installed: figures of a page are tested elsewhere."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)


class _Balance(HTMLParser):
    """Complains about elements that are closed in another order than they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in ("meta", "link", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def written(results: EvaluationRun | Comparison, folder: Path, **options) -> str:
    write_report(results, folder / "report.html", **options)
    return (folder / "report.html").read_bytes().decode("utf-8")


@pytest.mark.parametrize("make", [evaluation_run, comparison])
def test_elements_are_closed_in_order_and_every_link_leads_to_one_place(tmp_path, make):
    text = written(make(tmp_path), tmp_path)
    balance = _Balance(text)
    assert balance.open == []
    assert len(set(balance.ids)) == len(balance.ids)
    assert set(re.findall(r'href="#(\w+)"', text)) <= set(balance.ids)
    assert 'href="#summary"' in text


def test_the_policy_allows_the_style_and_script_of_the_page_and_nothing_else(tmp_path):
    text = written(EMPTY, tmp_path)
    for name in ("style", "script"):
        inside = text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in text
    assert "default-src 'none'; img-src data:;" in text
    assert "style=" not in text
    assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in text


def test_the_same_results_give_the_same_bytes(tmp_path):
    run = evaluation_run(tmp_path)
    assert written(run, tmp_path) == written(run, tmp_path, overwrite=True)


def test_names_from_outside_are_escaped_in_every_place(tmp_path):
    renamed = Comparison.model_validate(
        _replaced(comparison(tmp_path).model_dump(), "ours", HOSTILE + UNREADABLE_BYTES)
    )
    page_text = written(renamed, tmp_path)
    assert "window.broken" in page_text
    assert "<script>window" not in page_text
    assert "<img src=x" not in page_text
    assert r"caf\udce9" in page_text
    assert _Balance(page_text).open == []


def test_a_report_is_not_replaced_unasked(tmp_path):
    written(EMPTY, tmp_path)
    with raises(ConfigError, "report.html", "--overwrite"):
        write_report(EMPTY, tmp_path / "report.html")
    written(EMPTY, tmp_path, overwrite=True)


def test_a_place_that_cannot_hold_a_report_is_refused_before_any_work(tmp_path):
    (tmp_path / "folder.html").mkdir()
    with raises(ConfigError, "folder.html"):
        check_report_place(tmp_path / "folder.html", overwrite=True)
    with raises(ConfigError, ".html", "report.pdf"):
        check_report_place(tmp_path / "report.pdf")
    (tmp_path / "file").write_text("")
    with raises(ConfigError, "report.html"):
        write_report(EMPTY, tmp_path / "file" / "report.html")


def test_a_negative_number_of_thumbnails_is_refused(tmp_path):
    with raises(ConfigError, 0, -1):
        write_report(EMPTY, tmp_path / "report.html", thumbnails=-1)


def test_a_report_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with raises(ConfigError, "report.html", "No space left on device"):
        write_report(EMPTY, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_no_thumbnails_are_no_pictures(tmp_path):
    text = written(evaluation_run(tmp_path), tmp_path, thumbnails=0)
    assert "data:image/jpeg" not in text
    assert "<article" not in text


def test_as_many_pictures_are_shown_as_asked_for(tmp_path):
    assert written(evaluation_run(tmp_path), tmp_path, thumbnails=3).count("<article") == 3


def test_without_matplotlib_the_page_says_how_to_get_figures(tmp_path):
    assert escape(install_command("plots")) in written(evaluation_run(tmp_path), tmp_path)


def test_what_people_prefer_needs_neither_scores_nor_pictures(tmp_path):
    order = [Strength(name="ours", strength=0.5, interval=None), Strength(name="swinir", strength=-0.5, interval=None)]
    made = Comparison(
        compare_time=TIME,
        methods=["ours", "swinir"],
        models=[],
        better={},
        orders={"preferences": order},
        notes=["Ties count half."],
    )
    text = written(made, tmp_path)
    assert "Bradley-Terry order" in text
    assert "Ties count half." in text
    assert "Methods by models" not in text
    assert 'id="figures"' not in text


def test_failed_pictures_are_counted_at_the_top_and_listed_with_the_error(tmp_path):
    text = written(evaluation_run(tmp_path), tmp_path)
    assert '<p class="failed">Failed: 3, listed below.</p>' in text
    assert text.count("Expected an image, got an empty file.") == 3


def test_pictures_that_were_left_out_are_listed(tmp_path):
    made = comparison(tmp_path).model_copy(update={"left_out": ["lonely.png"]})
    assert '<th scope="row">lonely.png</th>' in written(made, tmp_path)


def test_why_another_curve_was_fitted_is_told(tmp_path):
    assert "logistic4 did not converge" in written(evaluation_run(tmp_path), tmp_path)


def test_beside_an_infinite_mean_stands_that_of_the_finite_scores(tmp_path):
    scores = enumerate((math.inf, 21.0, 24.0))
    images = [picture(f"{place}.png", {"psnr": {"a": score, "b": 20.0}}) for place, score in scores]
    text = written(compare_scores(images, ["a", "b"], {"psnr": "higher"}, draws=Draws(20)), tmp_path)
    assert "22.5 of 2" in text
    assert "+2.5 of 2" in text
    assert text.count("∞") >= 2


def test_pictures_of_a_comparison_are_looked_for_from_its_root(tmp_path, monkeypatch):
    made = comparison(tmp_path)
    images = [
        one.model_copy(
            update={
                "images": {name: str(Path(image).relative_to(tmp_path)) for name, image in one.images.items()},
                "reference": str(Path(str(one.reference)).relative_to(tmp_path)),
            }
        )
        for one in made.pictures
    ]
    moved = made.model_copy(update={"pictures": images, "root": str(tmp_path)})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert re.findall(r'src="(\S+)"', written(moved, tmp_path / "moved")) == re.findall(
        r'src="(\S+)"', written(made, tmp_path / "made")
    )


def test_a_long_provenance_is_cut_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MAX_PROVENANCE", 20)
    text = written(evaluation_run(tmp_path), tmp_path)
    assert "the rest stands in the JSON file" in text
    assert "&#34;acutance&#34;: &#34;0.1.0&#34;" not in text


def test_a_hundred_thousand_failures_stay_below_eight_megabytes(tmp_path):
    run = evaluation_run(tmp_path)
    first = run.evaluations[0]
    failed = first.predictions[-1].model_copy(update={"error": "Expected an image, got none. " * 20})
    many = first.model_copy(update={"predictions": [*first.predictions, *[failed] * 100_000], "failed": 100_001})
    text = written(run.model_copy(update={"evaluations": [many]}), tmp_path)
    assert re.search(r"Images without a score \(the first \d+ of 100,001 rows\)", text)
    assert len(text.encode()) < 8_000_000


def _replaced(value, old: str, new: str):
    """A record with a name exchanged wherever it stands, in keys too."""
    if isinstance(value, dict):
        return {_replaced(key, old, new): _replaced(inside, old, new) for key, inside in value.items()}
    if isinstance(value, list):
        return [_replaced(inside, old, new) for inside in value]
    return new if value == old else value
