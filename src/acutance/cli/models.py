"""``acutance models``: what there is, and what its scores mean."""

from typing import Annotated

import typer


def models(
    name: Annotated[
        str | None, typer.Argument(help="One model, for all that is known of it.", show_default=False)
    ] = None,
) -> None:
    """List the models: need of a reference, direction, range, weights; or all of one: options, terms, licence."""
    from rich.table import Table
    from rich.text import Text

    from acutance.catalog import GROUPS, ModelEntry, catalogue_name, find_model, list_models
    from acutance.catalog.options import described
    from acutance.cli.tables import stdout_console

    console = stdout_console()

    def span(entry: ModelEntry) -> str:
        about, ends = ("about ", entry.info.usual) if entry.info.usual else ("", (entry.info.low, entry.info.high))
        return f"{about}{ends[0]:g} to {ends[1]:g} {entry.info.unit}".strip()

    group = GROUPS.get(catalogue_name(name or ""), ())
    if name is None or group:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in ("model", "title", "needs reference", "better", "range", "weights"):
            table.add_column(heading)
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
        "options": "; ".join(f"{option}: {described(values)}" for option, values in (entry.options or {}).items())
        or "none",
        "terms": ", ".join(entry.term_names) or "none",
        "licence": entry.licence,
        "note": entry.note,
    }
    for what, fact in facts.items():
        console.print(Text.assemble((f"{what:>10}", "bold"), "  ", fact), soft_wrap=True)
