"""Scores straight into a file, continued where an earlier run was cut off."""

from collections.abc import Iterator, Mapping, Sequence

from acutance.errors import ConfigError
from acutance.models.quality_model import QualityModel
from acutance.scoring.left_out import LeftOut, later_frames_of
from acutance.scoring.pairing import Pair
from acutance.scoring.provenance import (
    complete_provenance,
    demand_same,
    demand_unchanged,
    describe_plan,
    describe_run,
    earlier_rows,
    write_provenance,
)
from acutance.scoring.rows import ROW_FIELDS, ScoreRow
from acutance.scoring.score_file import ScoreFile
from acutance.scoring.scorer import score_pairs
from acutance.scoring.settings import ScoringSettings
from acutance.tables.write import Row
from acutance.types import OnProgress, ScoreInfo


def demand_continues(
    file: ScoreFile, pairs: Sequence[Pair], names: Sequence[str], background: str, hdr_peak: float | None = None
) -> None:
    """Raise unless the rows that are in the file are the first ones of this plan; needs no models yet.

    Args:
        file: The file to continue, not yet opened.
        pairs: The plan.
        names: The models, in their order.
        background: Colour under transparent pixels.
        hdr_peak: Nits of the display to which HDR pictures are brought.

    Raises:
        ConfigError: It was begun with other models, pairs, settings or package versions.
    """
    if not file.count:
        return
    demand_same(file.path, describe_plan(background, pairs, hdr_peak))
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
    left_out: LeftOut | None = None,
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
        left_out: Written into the provenance; filled with the later frames of pictures.
        on_progress: Called with pictures done and pictures in all.

    Raises:
        ConfigError: The file was begun with other weights or options of the models.
    """
    described = describe_run(models, settings.background, pairs, settings.hdr_peak)
    if file.count:
        demand_same(file.path, described)
        described |= earlier_rows(file.path, file.count)
    left_out = left_out or LeftOut()
    with file:
        infos = {model.provenance.model: model.info for model in models if model.provenance is not None}
        write_provenance(file.path, described | left_out.fields())
        for row in file.rows():
            old = _as_row(row, infos)
            left_out.count_depth([old])
            yield old
        start, surplus = divmod(file.count, len(models))
        compares = any(model.needs_reference for model in models)
        left_out.frames.update(_frames_of(pairs[:start], with_references=compares))
        try:
            for rows in score_pairs(
                pairs, models, settings, start=start, frames=left_out.frames, on_progress=on_progress
            ):
                new, surplus = rows[surplus:], 0
                file.write(new)
                left_out.count_depth(new)
                yield from new
        finally:
            if left_out.frames or left_out.depths:
                complete_provenance(file.path, described | left_out.fields())
        file.finish()


def _frames_of(pairs: Sequence[Pair], *, with_references: bool) -> dict[str, int]:
    """How many later frames the pictures have that an earlier run scored, by their headers."""
    sides = [(pair.image, pair.reference if with_references else None) for pair in pairs]
    pictures = {picture.key: picture for side in sides for picture in side if picture}
    counts = ((picture.name, later_frames_of(picture.source)) for picture in pictures.values())
    return {name: count for name, count in counts if count}


def _as_row(row: Row, infos: Mapping[str, ScoreInfo]) -> ScoreRow:
    terms = {name: value for name, value in row.items() if name not in ROW_FIELDS}
    return ScoreRow(
        image=str(row["image"]),
        reference=_text(row["reference"]),
        model=str(row["model"]),
        score=float(row["score"]) if row["score"] is not None else None,
        better=infos[str(row["model"])].better,
        depth=_text(row.get("depth")),
        error=_text(row["error"]),
        terms={name: float(value) for name, value in terms.items() if value is not None},
    )


def _text(value: str | float | None) -> str | None:
    return None if value is None else str(value)
