"""The page of a report, opened and clicked in a browser that has no network."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from acutance.reports.page import write_report
from tests.fakes.report_results import HOSTILE, UNREADABLE_BYTES, comparison, evaluation_run

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of ACUTANCE_CHROMIUM, which then must work, or one on the path."""
    program = os.environ.get("ACUTANCE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"needs a Chromium: none of {', '.join(NAMES)} is installed, and ACUTANCE_CHROMIUM names none")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, headless=True)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a file; when the test ends, nothing but the file may have been asked for and no error logged."""
    contexts, requests, complaints = [], [], []

    def open_file(path: Path, **options: Any) -> Page:
        contexts.append(browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert complaints == []


@pytest.fixture(scope="module")
def evaluation_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    write_report(evaluation_run(folder / "pictures"), folder / "report.html")
    shutil.rmtree(folder / "pictures")
    return folder / "report.html"


@pytest.fixture(scope="module")
def comparison_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    write_report(comparison(folder / "pictures"), folder / "report.html")
    shutil.rmtree(folder / "pictures")
    return folder / "report.html"


def table(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def column(page: Page, title: str, place: int) -> list[str]:
    """What stands in a column, from top to bottom."""
    cells = table(page, title).locator(f"tbody tr:visible > :nth-child({place})")
    return [text.split()[0] for text in cells.all_inner_texts()]


def header(page: Page, title: str, name: str) -> Locator:
    return table(page, title).get_by_role("columnheader", name=name, exact=True)


def shown_part(page: Page) -> str:
    """How much of the left image of the first card is shown."""
    return str(page.locator(".card .stage img.left").first.evaluate("image => getComputedStyle(image).clipPath"))


def test_a_click_on_a_header_sorts_numbers_upwards_and_a_second_one_downwards_with_gaps_last(
    evaluation_file, open_page
):
    page = open_page(evaluation_file)
    assert column(page, "All images", 1) == ["psnr", "ssim", "afine"]
    srcc = header(page, "All images", "SRCC")
    srcc.get_by_role("button").click()
    assert column(page, "All images", 1) == ["psnr", "afine", "ssim"]
    assert srcc.get_attribute("aria-sort") == "ascending"
    srcc.get_by_role("button").click()
    assert column(page, "All images", 1) == ["afine", "psnr", "ssim"]
    assert srcc.get_attribute("aria-sort") == "descending"
    header(page, "All images", "Model").get_by_role("button").click()
    assert column(page, "All images", 1) == ["afine", "psnr", "ssim"]
    assert srcc.get_attribute("aria-sort") == "none"


def test_numbers_are_sorted_as_numbers_by_the_keyboard_too(comparison_file, open_page):
    page = open_page(comparison_file)
    page.get_by_text("4 images", exact=True).click()
    button = header(page, "Scores of all images", "psnr: swinir").get_by_role("button")
    button.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
    assert column(page, "Scores of all images", 2) == ["12", "11", "10", "9"]


def test_the_filter_leaves_rows_and_pictures_with_every_word_and_counts_them(evaluation_file, open_page):
    page = open_page(evaluation_file)
    cards = page.locator(".card").count()
    page.get_by_label("Filter").fill("PSNR blur")
    assert column(page, "By distortion", 1) == ["blur"]
    assert column(page, "All images", 1) == []
    assert page.locator("#found").inner_text().startswith("1 of ")
    page.get_by_label("Filter").fill("6.png")
    assert page.locator(".card:visible h3").all_inner_texts() == ["6.png (made)"]
    page.get_by_label("Filter").fill("")
    assert page.locator(".card:visible").count() == cards > 1
    assert page.locator("#found").inner_text() == ""


def test_every_picture_and_figure_is_in_the_file(evaluation_file, open_page):
    page = open_page(evaluation_file)
    sizes = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(sizes) == 19  # 8 images beside their references, 3 figures
    assert min(sizes) > 0


def test_the_picture_furthest_from_its_opinion_comes_first_with_what_it_is_off_by(evaluation_file, open_page):
    card = open_page(evaluation_file).locator(".card").first
    assert card.locator("h3").inner_text() == "6.png (made)"
    assert card.locator(".reasons").inner_text().splitlines()[0] == "psnr takes it for 3 too good"
    assert card.locator("tbody tr").first.inner_text().split() == ["psnr", "14.86", "7.429", "4.429", "+3"]


def test_a_picture_that_is_missing_says_so_beside_the_others(evaluation_file, open_page):
    page = open_page(evaluation_file)
    assert page.locator(".card .failed").all_inner_texts() == ["distorted: Expected an image file, got no such file."]
    assert column(page, "Images without a score", 1) == ["7.png"] * 3


def test_the_slider_uncovers_a_picture_by_keys(evaluation_file, open_page):
    page = open_page(evaluation_file)
    assert shown_part(page) == "inset(0px 50% 0px 0px)"
    slider = page.locator(".card").first.get_by_role("slider", name="How much of distorted is shown over reference")
    slider.focus()
    page.keyboard.press("End")
    assert shown_part(page) in ("inset(0px)", "inset(0px 0% 0px 0px)")
    page.keyboard.press("Home")
    assert shown_part(page) == "inset(0px 100% 0px 0px)"


def test_the_slider_follows_a_mouse_that_is_dragged_over_the_picture(evaluation_file, open_page):
    page = open_page(evaluation_file)
    stage = page.locator(".card .stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    assert float(page.locator(".card input[type=range]").first.input_value()) == pytest.approx(25, abs=1)
    assert float(shown_part(page).split()[1].rstrip("%")) == pytest.approx(75, abs=1)


def test_the_slider_follows_a_finger(evaluation_file, open_page):
    page = open_page(evaluation_file, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    stage = page.locator(".card .stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert float(shown_part(page).split()[1].rstrip("%")) == pytest.approx(20, abs=1)


def test_another_method_is_chosen_for_one_card_and_for_all(comparison_file, open_page):
    page = open_page(comparison_file)
    card, other = page.locator(".card").nth(1), page.locator(".card").nth(2)
    before = other.locator("img.left").get_attribute("alt")
    card.get_by_label("On the left", exact=True).select_option(label="realesrgan")
    assert card.locator("img.left").get_attribute("alt").startswith("realesrgan: ")
    assert card.get_by_role("slider").get_attribute("aria-label").startswith("How much of realesrgan is shown")
    assert other.locator("img.left").get_attribute("alt") == before
    page.get_by_label("On the right everywhere").select_option(label="reference")
    assert [one.get_attribute("alt").split(":")[0] for one in page.locator("img.right").all()] == ["reference"] * 4
    page.get_by_label("On the left everywhere").select_option(label="realesrgan")
    page.get_by_label("On the left everywhere").select_option(label="as chosen")
    assert other.locator("img.left").get_attribute("alt") == before


def test_pictures_can_stand_side_by_side(comparison_file, open_page):
    page = open_page(comparison_file)
    page.get_by_label("side by side, no slider").check()
    card = page.locator(".card").nth(1)
    left, right = (card.locator(f"img.{side}").bounding_box() for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert right["x"] >= left["x"] + left["width"]
    assert right["y"] == left["y"]
    assert card.get_by_role("slider").count() == 0


def test_provenance_is_folded_until_it_is_clicked(evaluation_file, open_page):
    page = open_page(evaluation_file)
    text = page.locator("#provenance pre")
    assert not text.is_visible()
    page.get_by_text("What the scores depend on").click()
    assert text.is_visible()
    assert '"acutance": "0.1.0"' in text.inner_text()


def test_the_page_is_dark_for_those_who_want_it_so(evaluation_file, open_page):
    colours = [
        open_page(evaluation_file, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 28)"]


@pytest.mark.parametrize("width", [320, 390])
def test_a_telephone_scrolls_the_page_downwards_only(evaluation_file, comparison_file, open_page, width):
    for path in (evaluation_file, comparison_file):
        page = open_page(path, viewport={"width": width, "height": 700}, is_mobile=True)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_label("side by side, no slider").check()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_names_are_text_whatever_stands_in_them(tmp_path, open_page):
    run = evaluation_run(
        tmp_path / "set", group=HOSTILE, extra_names=(HOSTILE + ".png", f"{UNREADABLE_BYTES}.png", "z.png")
    )
    write_report(run, tmp_path / "report.html")
    page = open_page(tmp_path / "report.html")
    assert page.evaluate("window.broken") is None
    assert page.locator("script").count() == 1
    assert page.locator("[onerror]").count() == 0
    assert page.locator("#groups tbody th", has_text="onerror").first.inner_text() == HOSTILE.replace("\n", "\\n")
    titles = page.locator(".card h3").all_inner_texts()
    assert HOSTILE.replace("\n", "\\n") + ".png (made)" in titles
    assert r"caf\udce9.png (made)" in titles
    assert page.locator(".card .failed").count() == 1  # z.png, which is not there: the others were found and read


def test_the_page_may_load_nothing_from_elsewhere(evaluation_file, browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(evaluation_file.as_uri())
    directive = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            new Image().src = "https://example.org/pixel.png";
        })"""
    )
    context.close()
    assert directive == "img-src"
