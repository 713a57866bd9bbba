"""Scores straight into a file, continued where an earlier run was cut off."""

from collections.abc import Iterator, Sequence

from acutance.errors import ConfigError
from acutance.models.quality_model import QualityModel
from acutance.scoring.files import ScoreFile
from acutance.scoring.lines import Row
from acutance.scoring.pairing import Pair
from acutance.scoring.provenance import (
    count_depth,
    demand_same,
    demand_unchanged,
    describe_plan,
    describe_run,
    provenance_path,
    write_provenance,
)
from acutance.scoring.rows import ROW_FIELDS, ScoreRow
from acutance.scoring.scorer import OnProgress, score_pairs
from acutance.scoring.settings import ScoringSettings


def demand_continues(file: ScoreFile, pairs: Sequence[Pair], names: Sequence[str], background: str) -> None:
    """Raise unless the rows that are in the file are the first ones of this plan; needs no models yet.

    Args:
        file: The file to continue, not yet opened.
        pairs: The plan.
        names: The models, in their order.
        background: Colour under transparent pixels.

    Raises:
        ConfigError: It was begun with other models, pairs, settings or package versions.
    """
    if not file.count:
        return
    demand_same(file.path, describe_plan(background, pairs))
    for index, row in enumerate(file.rows()):
        place, model = divmod(index, len(names))
        if place >= len(pairs) or (row["image"], row["model"]) != (pairs[place].image.name, names[model]):
            raise ConfigError(
                f"Expected row {index + 1} of {file.path} to belong to this run, got {row['image']} scored by "
                f"{row['model']}. Run it as before, or start anew with --overwrite."
            )
    demand_unchanged(file.path, pairs[: -(-file.count // len(names))])


def score_to_file(
    pairs: Sequence[Pair],
    models: Sequence[QualityModel],
    settings: ScoringSettings,
    file: ScoreFile,
    *,
    on_progress: OnProgress | None = None,
) -> Iterator[ScoreRow]:
    """Every row of the run, those of an earlier one first; each is in the file before it is given out.

    The provenance is written beside the file, as ``<name>.provenance.json``, and again with the number of scores from
    fewer bits than a file holds, if there are any.

    Args:
        pairs: What to score.
        models: Loaded models.
        settings: How to run.
        file: Where to write, not yet opened.
        on_progress: Called with pictures done and pictures in all.

    Raises:
        ConfigError: The file was begun with other weights or options of the models.
    """
    described = describe_run(models, settings.background, pairs)
    if file.count:
        demand_same(file.path, described)
    with file:
        write_provenance(file.path, described)
        began = provenance_path(file.path).stat().st_mtime_ns
        for old in map(_as_row, file.rows()):
            count_depth(described, old.depth)
            yield old
        start, surplus = divmod(file.count, len(models))
        for rows in score_pairs(pairs, models, settings, start=start, on_progress=on_progress):
            new, surplus = rows[surplus:], 0
            file.write(new)
            for row in new:
                count_depth(described, row.depth)
            yield from new
        if "depth" in described:
            write_provenance(file.path, described, began=began)
        file.finish()


def _as_row(row: Row) -> ScoreRow:
    terms = {name: value for name, value in row.items() if name not in ROW_FIELDS}
    return ScoreRow(
        image=str(row["image"]),
        reference=_text(row["reference"]),
        model=str(row["model"]),
        score=float(row["score"]) if row["score"] is not None else None,
        depth=_text(row.get("depth")),
        error=_text(row["error"]),
        terms={name: float(value) for name, value in terms.items() if value is not None},
    )


def _text(value: str | float | None) -> str | None:
    return None if value is None else str(value)
