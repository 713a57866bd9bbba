"""Pages of the site that are made as it is built: cards of models and datasets, the API, the command line, changes.

A hook of MkDocs (`mkdocs.yml`). What it writes comes from the package, so that nothing is said twice.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import griffe
import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.testing import CliRunner

import acutance
from acutance.catalog import list_models
from acutance.cli.app import app
from acutance.datasets.catalogue import list_datasets
from acutance.datasets.folder import DatasetFacts
from acutance.models.entry import ModelEntry, described
from acutance.weights.record import CheckpointRecord

ROOT = Path(__file__).parents[1]
HELP_WIDTH = "84"
"""Letters in a line of the command line's help, which fit beside the menu."""
OF_A_LIST = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
"""The first cell of a row about one model or dataset."""
CARDS = {"which-model.md": "cards/models", "datasets.md": "cards/datasets"}
"""Pages whose tables link to cards, and where these are."""
GOT_BY = {"fetch": "`acutance weights fetch {}`", "hand": "by hand", "package": "comes with the package"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the cards into the menu, under the sections of their kind."""
    cards = {
        "Models": [{entry.name: f"cards/models/{entry.name}.md"} for entry in list_models()],
        "Datasets": [{facts.title: f"cards/datasets/{facts.name}.md"} for facts in list_datasets()],
    }
    for section in config.nav or []:
        for title, pages in section.items():
            if title in cards:
                pages.append({"Cards": cards[title]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file holds."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:  # noqa: ANN401 (MkDocs')
    """Link the names in a list of models or datasets to their cards."""
    folder = CARDS.get(page.file.src_uri)
    cards = {*(entry.name for entry in list_models()), *(facts.name for facts in list_datasets())}

    def linked(row: re.Match[str]) -> str:
        return f"| [`{row[1]}`]({folder}/{row[1]}.md) |" if row[1] in cards else row[0]

    return OF_A_LIST.sub(linked, markdown) if folder else markdown


class ExampleBlocks(griffe.Extension):
    """Reads ``Example:`` as Google's ``Examples:``, so that doctests are shown as code and not as text."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Change the heading in the docstring of any object."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE)


def pages() -> dict[str, str]:
    """Every generated page by its path."""
    return {
        **{f"cards/models/{entry.name}.md": model_card(entry) for entry in list_models()},
        **{f"cards/datasets/{facts.name}.md": dataset_card(facts) for facts in list_datasets()},
        "reference/api.md": api(),
        "reference/command-line.md": command_line(),
        "changelog.md": _outside("CHANGELOG.md"),
        "contributing.md": _outside("CONTRIBUTING.md"),
    }


def model_card(entry: ModelEntry) -> str:
    """What the catalogue says of a model."""
    info = entry.info
    low, high = info.usual or (info.low, info.high)
    span = f"{'about ' if info.usual else ''}{_number(low)} to {_number(high)} {info.unit}".rstrip()
    command = (
        "acutance score distorted.png --reference reference.png"
        if entry.needs_reference
        else "acutance score photo.png"
    )
    lines = [
        f"# {entry.title}",
        "",
        entry.note,
        "",
        f"    {command} --model {entry.name}",
        "",
        *_facts(
            {
                "Name": f"`{entry.name}`",
                "Better": info.better,
                "Range": span,
                "Needs a reference": "yes" if entry.needs_reference else "no",
                "Of identical images": "" if info.identical is None else _number(info.identical),
                "Terms": ", ".join(f"`{term}`" for term in entry.term_names),
                "Paper": entry.paper,
            }
        ),
    ]
    if entry.choices:
        lines += [
            "",
            "## Options",
            "",
            "| option | what it may be, the default first | used by |",
            "| --- | --- | --- |",
        ]
        for name, allowed in entry.choices.items():
            used_by = f"protocol {' or '.join(allowed.protocols)}" if allowed.protocols else "all"
            lines.append(f"| `{name}` | {described(allowed)} | {used_by} |")
        first = next(iter(entry.choices))
        lines += ["", f'Set one by `--set {entry.name}.{first}=VALUE`, in Python by `options={{"{first}": VALUE}}`.']
    lines += ["", "## Weights", ""]
    if entry.weights is None:
        lines.append("None: it is a formula. It comes with the package.")
    else:
        records = {entry.weights.record.name: entry.weights.record}
        records |= {t.record.name: t.record for layout in entry.weights.layouts[:1] for t in layout.backbones}
        for record in records.values():
            lines += [*_weights(record), ""]
        if entry.weights.starts:
            files = ", ".join(f"`{record.local_filename}`" for record in entry.weights.starts)
            lines.append(f"A training may start from {files}; scoring needs none of them.")
    more = "[all of models](../../models.md), [which model](../../which-model.md)"
    if entry.name.startswith("afine-tiny"):
        more += ", [what afine-tiny was trained on and reaches](../../models/afine-tiny.md)"
    return "\n".join([*lines, "", f"More: {more}.", ""])


def _weights(record: CheckpointRecord) -> Iterator[str]:
    size = "" if record.size_bytes is None else f"about {record.size_bytes / 1e6:.0f} MB"
    by_hand = record.origin if record.got_by == "hand" and record.origin else ""
    yield from _facts(
        {
            "File": f"`{record.local_filename}`",
            "Of": record.title,
            "Size": size,
            "From": f"`{record.source}`",
            "Got": GOT_BY[record.got_by].format(record.name),
            "By hand": by_hand,
            "SHA-256": f"`{record.sha256}`" if record.sha256 else "",
            "Licence": record.licence,
            "Commercial use": record.commercial_use,
            "Note": record.note,
        }
    )


def dataset_card(facts: DatasetFacts) -> str:
    """What is known of a dataset as it was published."""
    scale = "no stated ends" if facts.low is None or facts.high is None else f"{facts.low:g} to {facts.high:g}"
    lines = [
        f"# {facts.title}",
        "",
        facts.note or "A dataset of rated images.",
        "",
        f"    acutance data check {facts.name} ROOT",
        f"    acutance data table {facts.name} ROOT -o {facts.name}.csv",
        "",
        *_facts(
            {
                "Name": f"`{facts.name}`",
                "Rated images": f"{facts.rated:,}",
                "Images without a score": f"{facts.unrated:,}" if facts.unrated else "",
                "References": f"{facts.references:,}" if facts.references else "none",
                "Distortions": str(facts.distortions or ""),
                "Better": facts.better if facts.rated else "no scores",
                "Scale": scale if facts.rated else "",
                "Splits": ", ".join(f"{part} {count:,}" for part, count in facts.splits.items()) or "none published",
                "Below the root": facts.layout,
                "Where": f"<{facts.where}>",
                "Licence": facts.licence,
                "Paper": facts.paper,
            }
        ),
    ]
    return "\n".join([*lines, "", "More: [all of datasets](../../datasets.md).", ""])


def api() -> str:
    """The public names: functions, what they give, exceptions."""
    objects = {name: getattr(acutance, name) for name in acutance.__all__}
    errors = [name for name, found in objects.items() if inspect.isclass(found) and issubclass(found, Exception)]
    classes = [name for name, found in objects.items() if inspect.isclass(found) and name not in errors]
    functions = [name for name in objects if name not in errors and name not in classes]
    lines = [
        "# Python",
        "",
        "Everything here is imported from `acutance`; it changes only with an entry in [the changes](../changelog.md).",
        "",
    ]
    for heading, names in (("Functions", functions), ("What they give", classes), ("Exceptions", errors)):
        lines += [f"## {heading}", "", *(f"::: acutance.{name}\n" for name in names)]
    lines += ["## A loaded model", "", "`acutance.load` gives one of these.", ""]
    lines += ["::: acutance.models.quality_model.QualityModel", "", "## Options of a run", ""]
    lines += ["`acutance.score`, `evaluate` and `compare` take these as keywords, their commands as options.", ""]
    return "\n".join([*lines, "::: acutance.scoring.options.RunOptions", ""])


def command_line() -> str:
    """The help of every command, as it prints it."""
    lines = ["# Command line", "", "What `--help` prints, command by command.", ""]
    for words in _commands(typer.main.get_command(app)):
        printed = CliRunner().invoke(app, [*words, "--help"], env=_PLAIN, prog_name="acutance")
        if printed.exit_code:
            raise RuntimeError(f"acutance {' '.join(words)} --help ended with {printed.exit_code}: {printed.output}")
        text = "\n".join(line.rstrip() for line in printed.stdout.strip().splitlines())
        lines += [f"## {' '.join(['acutance', *words])}", "", "```text", text, "```", ""]
    return "\n".join(lines)


_PLAIN = {"COLUMNS": HELP_WIDTH, "TERMINAL_WIDTH": HELP_WIDTH, "NO_COLOR": "1", "TERM": "dumb"}


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 (its class moved)
    yield words
    for name, below in getattr(command, "commands", {}).items():
        if not getattr(below, "hidden", False):
            yield from _commands(below, (*words, name))


def _facts(facts: Mapping[str, str]) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    for name, fact in facts.items():
        if fact:
            yield f"| **{name}** | {fact} |"


def _number(value: float) -> str:
    return f"{value:g}".replace("inf", "∞")


def _outside(name: str) -> str:
    """A page from the root of the repository, its links turned towards the site."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return (
        text.replace("](docs/", "](")
        .replace("](CONTRIBUTING.md", "](contributing.md")
        .replace("](README.md", "](index.md")
    )
