"""A report as one HTML file: tables, figures and pictures to look at, without a network."""

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template

from acutance.comparison.results import Comparison
from acutance.errors import ConfigError
from acutance.evaluation.results import EvaluationRun
from acutance.reports.cards import Progress
from acutance.reports.comparison_page import comparison_lead, comparison_parts
from acutance.reports.evaluation_page import evaluation_lead, evaluation_parts
from acutance.reports.html import Html, Part, folded, joined, tag
from acutance.tables.atomic import atomic_write
from acutance.tables.strict_json import strict
from acutance.tables.text import printable

THUMBNAILS = 24
"""How many pictures a page shows unless told otherwise."""
PAGE_ENDINGS = (".html", ".htm")
MAX_PROVENANCE = 200_000
"""Most letters of the provenance that a page repeats."""


def demand_report_place(path: Path, *, overwrite: bool = False) -> None:
    """Raise where a report cannot be written, before anything is computed.

    Args:
        path: The file to write.
        overwrite: Whether one that is there may be replaced.

    Raises:
        ConfigError: Another ending than .html, a file that is there, or a folder.
    """
    if path.suffix.lower() not in PAGE_ENDINGS:
        raise ConfigError(f"Expected a report that ends in .html, got {path}. Name it report.html.")
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {path}, got one. Name another, or replace it with --overwrite.")


def write_report(
    results: EvaluationRun | Comparison,
    path: Path,
    *,
    thumbnails: int = THUMBNAILS,
    overwrite: bool = False,
    on_progress: Progress | None = None,
) -> None:
    """Write a page that stands alone: it can be mailed, and opened in years to come.

    Thumbnails have at most 384 pixels a side; they become smaller, and then fewer, so that a page stays below about
    8 MB. Pictures that cannot be read leave a grey field with the reason. Names and errors are text in the page,
    whatever is in them; the page loads nothing and may run no script but its own.

    Args:
        results: What was evaluated or compared; pictures are read where it says they lie.
        path: The file, ending in .html; its folder is made.
        thumbnails: How many pictures are shown at most, 0 or more.
        overwrite: Whether a file that is there may be replaced.
        on_progress: Called with the number of finished pictures and of all.

    Raises:
        ConfigError: Another ending, a file that is there, a negative number, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from acutance.comparison.results import Comparison
        >>> path = Path(tempfile.mkdtemp()) / "report.html"
        >>> comparison = Comparison(compare_time="2030-01-31 12:00:00", methods=["ours"], models=["psnr"],
        ...                         better={"psnr": "higher"})
        >>> write_report(comparison, path)
        >>> path.read_text(encoding="utf-8").splitlines()[0]
        '<!DOCTYPE html>'
    """
    demand_report_place(path, overwrite=overwrite)
    if thumbnails < 0:
        raise ConfigError(f"Expected 0 or more thumbnails, got {thumbnails}. Choose another number.")
    if isinstance(results, Comparison):
        title, lead = "Comparison of methods", comparison_lead(results)
        parts = comparison_parts(results, thumbnails, on_progress)
    else:
        title, lead = "Evaluation of quality models", evaluation_lead(results)
        parts = evaluation_parts(results, thumbnails, on_progress)
    content = _page(title, lead, [*parts, _provenance(results.provenance)])
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content.encode("utf-8"))
    except OSError as error:
        raise ConfigError(f"Expected to write a report to {path}, got: {error.strerror or error}.") from error


def _page(title: str, lead: Html, parts: Sequence[Part]) -> str:
    style, script = _template("page.css"), _template("page.js")
    shown = [part for part in parts if part.content]
    return Template(_template("page.html")).substitute(
        policy=f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'",
        version=version("acutance"),
        title=title,
        style=style,
        script=script,
        lead=lead,
        links=joined(tag("a", part.title, href=f"#{part.name}") for part in shown),
        content="\n".join(part.html() for part in shown),
    )


def _provenance(provenance: dict[str, object]) -> Part:
    text = json.dumps(strict(provenance), indent=2, ensure_ascii=False, default=str)
    cut = "\n… the rest stands in the JSON file beside the scores." if len(text) > MAX_PROVENANCE else ""
    lines = Html("\n".join(joined([printable(line)]) for line in text[:MAX_PROVENANCE].split("\n")))
    content = folded("What the scores depend on", tag("pre", lines, cut)) if provenance else Html()
    return Part("provenance", "Provenance", content)


def _template(name: str) -> str:
    return files("acutance.reports").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a browser compares before it takes a style or runs a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
