"""The page of datasets says what the facts say."""

from pathlib import Path

import pytest

from acutance.datasets.catalogue import list_datasets
from acutance.datasets.folder import DatasetFacts

PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text()


def counts_row(facts: DatasetFacts) -> str:
    """A line of the first table."""
    scale = "no stated ends" if facts.low is None or facts.high is None else f"{facts.low:g} to {facts.high:g}"
    score = f"{facts.better}, {scale}" if facts.rated else "no scores"
    cells = (
        f"`{facts.name}`",
        facts.title,
        f"{facts.rated:,}",
        f"{facts.unrated:,}",
        "" if facts.references is None else f"{facts.references:,}",
        "" if facts.distortions is None else str(facts.distortions),
        score,
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def layout_row(facts: DatasetFacts) -> str:
    """A line of the second table."""
    return f"| `{facts.name}` | {facts.layout} | {facts.note} |".replace("|  |", "| |")


def source_row(facts: DatasetFacts) -> str:
    """A line of the third table."""
    return f"| `{facts.name}` | <{facts.where}> | {facts.licence} | {facts.paper} |"


@pytest.mark.parametrize("facts", list_datasets(), ids=lambda facts: facts.name)
def test_the_page_holds_the_facts_of_every_dataset(facts: DatasetFacts):
    lines = PAGE.splitlines()
    assert [row for row in (counts_row(facts), layout_row(facts), source_row(facts)) if row not in lines] == []
