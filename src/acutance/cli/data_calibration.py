"""``acutance data normalize`` and ``acutance data calibrate``: the first values of A-FINE's stage 3."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import AllowMissing, Overwrite

if TYPE_CHECKING:
    from acutance.datasets.afine_lists import RatedLine

NORMALIZE_EPILOG = (
    "Examples:\n\nacutance data normalize PIPAL/Train/MOS -o normalize_PIPAL_Train_mos.txt\n\n"
    "acutance data normalize pipal /data/pipal -o pipal.txt"
)
CALIBRATE_EPILOG = (
    "Examples:\n\nacutance score PIPAL/images -m afine-naturalness --terms -o stage1.csv\n\n"
    "acutance data calibrate stage1.csv normalize_PIPAL_Train_mos.txt"
)


def normalize(
    source: Annotated[
        str, typer.Argument(help="Folder of MOS lists in A-FINE's layout, or name of a dataset.", show_default=False)
    ],
    root: Annotated[Path | None, typer.Argument(help="Folder of the named dataset.", show_default=False)] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="List to write.", show_default=False)],
    allow_missing: AllowMissing = False,
    overwrite: Overwrite = False,
) -> None:
    """Write opinions from -2, the best, to 2, as A-FINE's fit takes them; those of SRIQA-Bench from 0 to 100."""
    from acutance.datasets.catalogue import DATASETS
    from acutance.datasets.targets import normalised_lists, write_normalised
    from acutance.errors import ConfigError

    if output.is_dir() or (output.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {output}, got one. Name another, or replace it with --overwrite.")
    if source in DATASETS and not (root is None and Path(source).is_dir()):
        lines = _of_dataset(source, root, allow_missing=allow_missing)
    elif root is not None or allow_missing:
        raise ConfigError(f"Expected the name of a dataset beside its folder, got {source}. Leave the rest out.")
    else:
        if output.parent.resolve() == Path(source).resolve():
            raise ConfigError(
                f"Expected another folder than that of the lists, which are all read, got {output}. Change --output."
            )
        lines = normalised_lists(Path(source))
    write_normalised(output, lines)
    opinions = [line.mos for line in lines]
    print(f"{output}: {len(lines)} lines, {min(opinions):g} (best) to {max(opinions):g}")


def calibrate(
    scores: Annotated[
        Path, typer.Argument(help="Scores with their parts, from: acutance score --terms -o FILE.", show_default=False)
    ],
    opinions: Annotated[Path, typer.Argument(help="List from: acutance data normalize.", show_default=False)],
    *,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Whose scores, if the file has several.", show_default=False)
    ] = None,
) -> None:
    """Fit A-FINE's logistic from scores to normalised opinions: gamma3 and gamma4, the first values of stage 3.

    Opinions from 0 to 100 are fitted by the combined score (adaptive): beta3 and beta4, of the last scaling.
    """
    from acutance.datasets.targets import read_targets

    targets = read_targets(opinions)
    fitted = targets.fit(_scores(scores, targets.term, model))
    if targets.low:
        print(f"gamma3 {fitted.centre:.4f}\ngamma4 {fitted.scale:.4f}")
        given = f"--set task.gamma3={fitted.centre:.6g} --set task.gamma4={fitted.scale:.6g}"
        typer.echo(f"train stage 3 from there: acutance train afine-stage3 {given}", err=True)
    else:
        print(f"beta3 {fitted.centre:.4f}\nbeta4 {fitted.scale:.4f}")


def _of_dataset(name: str, root: Path | None, *, allow_missing: bool) -> "list[RatedLine]":
    """The rated pictures of the training part, or of a dataset without parts."""
    from acutance.datasets.afine_lists import RatedLine
    from acutance.datasets.catalogue import read_published
    from acutance.datasets.splits import part_of_table
    from acutance.datasets.table import OpinionTable
    from acutance.datasets.targets import direction_of, normalised
    from acutance.errors import ConfigError

    if root is None:
        raise ConfigError(f"Expected the folder of the dataset {name}, got none. Name it after the dataset.")
    whole = read_published(name, root, allow_missing=allow_missing)
    part = part_of_table(whole, None, "train")
    rated = OpinionTable([row for row in part if row.mos is not None and row.reference], whole.root, name)
    lines = [RatedLine(Path(row.image).name, Path(row.reference or "").name, row.mos or 0.0) for row in rated]
    if not lines:
        raise ConfigError(f"Expected rated pictures with references in {name}, got none. Take another dataset.")
    return normalised(lines, final=name == "sriqa_bench", better=direction_of(rated))


def _scores(path: Path, term: str, model: str | None) -> dict[str, float]:
    """What a model says of each picture, by its file name."""
    from acutance.datasets.targets import file_name
    from acutance.errors import ConfigError
    from acutance.evaluation.score_files import read_sheet

    sheet = read_sheet(path, term)
    if model is None and len(sheet) > 1:
        raise ConfigError(f"Expected the scores of one model in {path}, got {', '.join(sheet)}. Name one with --model.")
    chosen = model or next(iter(sheet))
    if chosen not in sheet:
        raise ConfigError(f"Expected scores of {chosen} in {path}, got {', '.join(sheet)}. Name one of these.")
    found: dict[str, float] = {}
    for line in sheet[chosen]:
        name = file_name(line.image)
        if line.score is not None and found.setdefault(name, line.score) != line.score:
            raise ConfigError(f"Expected one score of {line.image} in {path}, got two. Remove one line.")
    return found
