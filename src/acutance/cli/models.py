"""``acutance models``: what there is, and what its scores mean."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from acutance.models.entry import ModelEntry


def models(
    name: Annotated[
        str | None, typer.Argument(help="One model, for all that is known of it.", show_default=False)
    ] = None,
    *,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the time and memory of a score on this machine, too.")
    ] = False,
) -> None:
    """List the models: need of a reference, direction, range, weights; or all of one: options, terms, licence, cost."""
    from acutance.catalog import GROUPS, catalogue_name, find_model, list_models
    from acutance.models.entry import ModelEntry, described
    from acutance.reports.terminal import plain_table, stdout_console

    console = stdout_console()

    def span(entry: ModelEntry) -> str:
        about, ends = ("about ", entry.info.usual) if entry.info.usual else ("", (entry.info.low, entry.info.high))
        return f"{about}{ends[0]:g} to {ends[1]:g} {entry.info.unit}".strip()

    group = GROUPS.get(catalogue_name(name or ""), ())
    if measure and (name is None or group):
        from acutance.errors import ConfigError

        raise ConfigError(f"Expected one model beside --measure, got {name or 'none'}. Name it: acutance models ssim")
    if name is None or group:
        table = plain_table("model", "title", "needs reference", "better", "range", "weights")
        for entry in map(find_model, group) if group else list_models():
            weights = entry.weights.record.filename if entry.weights else "none needed"
            reference = "yes" if entry.needs_reference else "no"
            table.add_row(entry.name, entry.title, reference, entry.info.better, span(entry), weights)
        console.print(table)
        if not group:
            for title, members in GROUPS.items():
                typer.echo(f"{title} stands for {', '.join(members)}; of one model: acutance models NAME", err=True)
        return
    entry = find_model(name)
    facts = {
        "model": f"{entry.name} ({entry.title})",
        "paper": entry.paper,
        "score": f"{span(entry)}, {entry.info.better} is better",
        "reference": "needed" if entry.needs_reference else "not needed",
        "options": "; ".join(f"{option}: {described(values)}" for option, values in entry.choices.items()) or "none",
        "terms": ", ".join(entry.term_names) or "none",
        "licence": entry.licence,
        "note": entry.note,
    }
    _show(console, facts)  # what is known at once is not kept back by what is counted and measured
    _show(console, _costs(entry))
    if measure:
        _show(console, _measured(entry))


def _show(console: "Console", facts: dict[str, str]) -> None:
    from rich.text import Text

    for what, fact in facts.items():
        console.print(Text.assemble((f"{what:>13}", "bold"), "  ", fact), soft_wrap=True)


def _costs(entry: "ModelEntry") -> dict[str, str]:
    """Parameters, and multiply-adds of one score."""
    from acutance.inspection import SIDES, Cost, cost_of, parameters_of

    if entry.weights is None and str(entry.build).startswith("acutance."):
        return {"parameters": "none"}
    if find_spec("torch") is None:
        return {"parameters": "counted where PyTorch is installed"}

    def told(side: int, cost: Cost) -> str:
        whole = f"{_giga(cost.multiply_adds)} at {side} x {side}"
        if cost.parts == 1:
            return f"{whole} (1 {cost.part})" if cost.part else whole
        what, of, more = cost.part.partition(" ")
        return f"{whole} ({cost.parts} {what}s{of}{more}, {_giga(cost.multiply_adds / cost.parts)} each)"

    of = "an image and its reference" if entry.needs_reference else "an image"
    each = ", ".join(told(side, cost_of(entry, side)) for side in SIDES)
    return {"parameters": f"{parameters_of(entry):,}", "multiply-adds": f"{each}; of {of}"}


def _measured(entry: "ModelEntry") -> dict[str, str]:
    """Time and memory of one score here."""
    from acutance.inspection import SIDES, measure

    found = {side: measure(entry.name, side) for side in SIDES}
    first = found[SIDES[0]]
    times = ", ".join(f"{_three(each.milliseconds)} ms at {side} x {side}" for side, each in found.items())
    where = (
        f"{first.device}, {first.threads} thread{'s' if first.threads != 1 else ''}"
        if first.device == "cpu"
        else first.device
    )
    facts = {"time here": f"{times}; {where}"}
    if first.peak_bytes is not None:
        peaks = ", ".join(f"{(each.peak_bytes or 0) / 1e6:,.0f} MB at {side} x {side}" for side, each in found.items())
        alone = f"; {first.before_bytes / 1e6:,.0f} MB of it Python and PyTorch" if first.before_bytes else ""
        facts["memory"] = f"at most {peaks}{alone}"
    return facts


def _giga(count: float) -> str:
    return f"{_three(count / 1e9)} G"


def _three(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
