"""The documents say what the code says."""

from pathlib import Path

import pytest

import acutance
from acutance import list_models
from acutance.catalog import find_model
from acutance.models.classic.entry import CLASSIC

ROOT = Path(__file__).parents[2]


def classic_table() -> str:
    """The table of docs/models.md."""
    lines = [
        "| metric | better | range | identical images | smallest side | options, default first | beside MATLAB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, record in sorted(CLASSIC.items()):
        options = "; ".join(
            f"{option}: {', '.join(str(value).lower() for value in choice.words)}"
            for option, choice in find_model(name).choices.items()
        )
        info = record.info
        lines.append(
            f"| `{name}` | {info.better} | {info.low:g} to {info.high:g} {info.unit}".rstrip()
            + f" | {info.identical:g} | {record.smallest_side} | {options or 'none'} | {record.matlab} |"
        )
    return "\n".join(lines)


def test_the_page_of_models_holds_the_table_of_classic_metrics():
    assert classic_table() in (ROOT / "docs" / "models.md").read_text()


@pytest.mark.parametrize("entry", list_models(), ids=lambda entry: entry.name)
def test_the_table_of_models_says_of_every_model_which_way_is_better(entry):
    page = (ROOT / "docs" / "which-model.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert cells[2] == ("yes" if entry.needs_reference else "no")
    assert cells[3] == entry.info.better


def test_the_page_of_weights_names_every_published_file():
    page = (ROOT / "docs" / "weights.md").read_text()
    records = [entry.weights.record for entry in list_models() if entry.weights]
    absent = {
        file.name
        for file in records
        if not {file.filename, file.local_filename} & set(page.replace(",", "`").split("`"))
    }
    assert absent == set()


def test_the_readme_counts_the_models():
    assert f"| models and metrics | {len(list_models())} |" in (ROOT / "README.md").read_text()


def test_the_citation_has_the_version_of_the_package():
    assert f"version: {acutance.__version__}" in (ROOT / "CITATION.cff").read_text().splitlines()


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda page: page.name)
def test_no_link_of_a_page_leads_nowhere(page):
    targets = [part.split(")")[0] for part in page.read_text().split("](")[1:]]
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target.partition("#")[0]).exists()] == []
