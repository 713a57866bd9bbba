"""Scores straight into a file, continued where an earlier run was cut off."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from acutance.errors import ConfigError
from acutance.models.quality_model import QualityModel
from acutance.scoring.files import Row, ScoreFile
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.provenance import demand_same_run, describe_run, write_provenance
from acutance.scoring.rows import ScoreRow
from acutance.scoring.scorer import OnProgress, score_pairs
from acutance.scoring.settings import ScoringSettings


def score_to_file(
    pairing: Pairing,
    models: Sequence[QualityModel],
    settings: ScoringSettings,
    path: Path,
    *,
    term_names: Sequence[str] = (),
    resume: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Iterator[ScoreRow]:
    """Every row of the run, those of an earlier one first; each is in the file before it is given out.

    The provenance is written beside the file, as ``<name>.provenance.json``.

    Args:
        pairing: What to score.
        models: Loaded models.
        settings: How to run.
        path: File of scores: ``.csv``, ``.jsonl`` or ``.parquet``.
        term_names: Terms to write as columns after the score.
        resume: Continue the file if it is there.
        overwrite: Replace the file if it is there.
        on_progress: Called with pictures done and pictures in all.

    Raises:
        ConfigError: The file exists and neither was asked for, or it was begun with other models, settings,
            pairs or package versions.
    """
    described = describe_run(models, settings.background, pairing.pairs)
    with ScoreFile(path, term_names, resume=resume, overwrite=overwrite) as file:
        if file.done:
            demand_same_run(path, described)
        write_provenance(path, described)
        names = [model.provenance.model for model in models if model.provenance is not None]
        _check_done(file.done, pairing.pairs, names, path)
        yield from (_as_row(row) for row in file.done)
        start, surplus = divmod(len(file.done), len(models))
        for rows in score_pairs(pairing.pairs, models, settings, start=start, on_progress=on_progress):
            new, surplus = rows[surplus:], 0
            file.write(new)
            yield from new
        file.finish()


def _check_done(done: Sequence[Row], pairs: Sequence[Pair], names: Sequence[str], path: Path) -> None:
    """Raise unless the rows are the first ones of this plan."""
    for index, row in enumerate(done):
        place, model = divmod(index, len(names))
        if place >= len(pairs) or (row["image"], row["model"]) != (pairs[place].image.name, names[model]):
            raise ConfigError(
                f"Expected row {index + 1} of {path} to belong to this run, got {row['image']} scored by "
                f"{row['model']}. Start anew with --overwrite."
            )


def _as_row(row: Row) -> ScoreRow:
    terms = {
        name: value for name, value in row.items() if name not in ("image", "reference", "model", "score", "error")
    }
    return ScoreRow(
        image=str(row["image"]),
        reference=_text(row["reference"]),
        model=str(row["model"]),
        score=float(row["score"]) if row["score"] is not None else None,
        error=_text(row["error"]),
        terms={name: float(value) for name, value in terms.items() if value is not None},
    )


def _text(value: str | float | None) -> str | None:
    return None if value is None else str(value)
