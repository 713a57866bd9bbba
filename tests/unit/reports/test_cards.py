import base64
import re

from acutance.reports import cards
from acutance.reports.cards import Card, Layer, images_part
from tests.fakes.report_results import write_picture
from tests.unit.reports.test_html import markup as markup_of


def cards_of(folder, count, *, layers=("ours", "truth"), size=(48, 32), **fields):
    made = []
    for place in range(count):
        paths = [Layer(name, write_picture(folder / name / f"{place}.png", seed=place, size=size)) for name in layers]
        given = {"reasons": ["why"], "sides": (layers[0], layers[-1]), **fields}
        made.append(Card(title=f"image {place}", layers=paths, **given))
    return made


def shown(made, lead="Look."):
    return markup_of(images_part(made, lead).blocks)


def test_the_two_sides_are_marked_and_others_wait(tmp_path):
    markup = shown(cards_of(tmp_path, 1, layers=("a", "b", "c")), "Look.")
    assert re.findall(r'alt="(\w): image 0" [^>]*class="tiny ?(\w*)" data-layer="(\d)"', markup) == [
        ("a", "left", "0"),
        ("b", "", "1"),
        ("c", "right", "2"),
    ]


def test_sides_that_are_fixed_cannot_be_chosen(tmp_path):
    markup = shown(cards_of(tmp_path, 2, is_fixed=True), "Look.")
    assert "<select" not in markup
    assert markup.count('type="range"') == 2


def test_a_picture_alone_has_no_slider(tmp_path):
    markup = shown(cards_of(tmp_path, 2, layers=("distorted",)), "Look.")
    assert 'type="range"' not in markup
    assert "side by side" not in markup


def test_a_card_says_how_large_its_pictures_are_and_whether_they_shrank(tmp_path):
    assert "48 x 32 pixels<" in shown(cards_of(tmp_path / "small", 1), "Look.")
    assert "500 x 300 pixels, shown smaller<" in shown(cards_of(tmp_path / "large", 1, size=(500, 300)), "")


def test_of_many_reasons_the_first_are_given(tmp_path):
    markup = shown(cards_of(tmp_path, 1, reasons=[f"reason {place}" for place in range(8)]), "Look.")
    assert "reason 4" in markup
    assert "reason 5" not in markup
    assert "<li>and 3 more</li>" in markup


def test_pictures_share_the_room_there_is_and_cards_are_left_out_when_it_is_too_small(tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "MAX_IMAGE_BYTES", 30_000)
    monkeypatch.setattr(cards, "LEAST_IMAGE_BYTES", 5_000)
    markup = shown(cards_of(tmp_path, 5, size=(600, 400)), "Look.")
    files = [base64.b64decode(data) for data in re.findall(r"data:image/jpeg;base64,([^\"]+)", markup)]
    assert len(files) == 6
    assert sum(map(len, files)) <= 30_000
    assert "Look. 2 more are left out to keep the page small." in markup


def test_progress_begins_at_none_and_ends_at_all(tmp_path):
    calls = []
    images_part(cards_of(tmp_path, 2), "Look.", lambda done, total: calls.append((done, total)))
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_no_cards_are_no_part():
    assert images_part([], "Look.").blocks == []
