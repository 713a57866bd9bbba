"""The site builds without a warning, has a card for everything, and asks no other host for anything."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import acutance
from acutance import list_models
from acutance.datasets import list_datasets

ROOT = Path(__file__).parents[2]
LOADED = re.compile(
    r"<(?:script|img|iframe|audio|video|source|embed)\b[^>]*?\s(?:src|srcset)=[\"']?([^\"'\s>]+)"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|icon|preload|prefetch|preconnect|modulepreload|manifest))[^>]*?\shref=[\"']?([^\"'\s>]+)"
)
"""What a browser loads by itself from a page; a link that somebody may click is not."""
OF_STYLES = re.compile(r"(?:url\(|@import )\s*[\"']?([^\"')\s]+)")
FOREIGN = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site in a folder: that of ACUTANCE_SITE, or one that is built now."""
    if built := os.environ.get("ACUTANCE_SITE"):
        return Path(built)
    pytest.importorskip("mkdocstrings", reason="needs the extra docs, or ACUTANCE_SITE")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def loaded(text: str) -> list[str]:
    """Addresses that a page loads."""
    return [first or second for first, second in LOADED.findall(text)]


def test_no_page_loads_anything_from_another_host(site: Path):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        text = page.read_text()
        assert page.name == "report.html" or loaded(text)
        styles = [
            html.unescape(url)
            for style in re.findall(r"<style.*?</style>", text, re.DOTALL)
            for url in OF_STYLES.findall(style)
        ]
        assert [url for url in (*loaded(text), *styles) if FOREIGN.match(url)] == [], page


def test_no_style_loads_anything_from_another_host(site: Path):
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        assert [url for url in OF_STYLES.findall(style.read_text()) if FOREIGN.match(url)] == [], style


def test_a_font_a_style_a_script_and_a_picture_of_another_host_would_be_found():
    page = (
        '<link rel="preconnect" href="https://fonts.example">'
        '<link href="//fonts.example/a.css" rel="stylesheet"><script src=https://cdn.example/a.js></script>'
        '<img alt="a" src="http://img.example/a.png"><a href="https://fine.example">a</a>'
        '<link rel="canonical" href="https://fine.example">'
    )
    assert [url for url in loaded(page) if FOREIGN.match(url)] == [
        "https://fonts.example",
        "//fonts.example/a.css",
        "https://cdn.example/a.js",
        "http://img.example/a.png",
    ]
    assert OF_STYLES.findall('@import "//a.example/b.css"; src: url(https://c.example/d.woff2)') == [
        "//a.example/b.css",
        "https://c.example/d.woff2",
    ]


def test_every_model_and_every_dataset_has_a_card(site: Path):
    for entry in list_models():
        text = html.unescape((site / "cards" / "models" / entry.name / "index.html").read_text())
        assert entry.paper in text
        assert entry.licence in text or entry.weights is None
    for facts in list_datasets():
        text = html.unescape((site / "cards" / "datasets" / facts.name / "index.html").read_text())
        assert facts.paper in text
        assert facts.licence in text


def test_every_public_name_and_every_verb_is_in_the_reference(site: Path):
    api = (site / "reference" / "api" / "index.html").read_text()
    assert [name for name in acutance.__all__ if f'id="acutance.{name}"' not in api] == []
    verbs = (site / "reference" / "command-line" / "index.html").read_text()
    shown = ("acutance-score", "acutance-weights-fetch", "acutance-data-synthesize", "acutance-plot-compare")
    assert [name for name in shown if f'id="{name}"' not in verbs] == []
    assert "--pair-by" in verbs
