"""The tables of a set of pictures that was made: opinions for training, and what each metric said."""

from collections.abc import Iterable, Iterator, Sequence

from acutance.datasets import OpinionTable, RatedPicture, write_table
from acutance.synthesis.folder import OutputFolder
from acutance.synthesis.maker import Row
from acutance.synthesis.plan import Item
from acutance.synthesis.pseudo_mos import pseudo_mos
from acutance.tables.atomic import write_text
from acutance.tables.write import csv_line
from acutance.types import ScoreInfo


def write_tables(
    folder: OutputFolder,
    made: Iterable[tuple[Item, Row]],
    names: Sequence[str],
    infos: dict[str, ScoreInfo],
) -> int:
    """Write the table of the pictures, and that of scores where there are metrics; how many rows they have.

    Args:
        folder: Where the pictures are.
        made: Items and their rows, in order; those with an error are left out.
        names: Names of the sources.
        infos: What the scores of each metric mean; empty if there is none.

    Raises:
        DatasetError: The table cannot be written.
        ConfigError: The scores cannot be written.
    """
    whole = [(item, row) for item, row in made if row["error"] is None]
    scores = {metric: [float(row[metric]) for _, row in whole] for metric in infos}
    opinions = pseudo_mos(scores, infos).tolist() if infos else [None] * len(whole)
    rows = [_rated(item, names[item.source], mos) for (item, _), mos in zip(whole, opinions, strict=True)]
    if infos:
        write_text(folder.scores, "".join(_score_lines(rows, scores)))
    write_table(OpinionTable(rows, folder.root, folder.root.name), folder.table)
    return len(rows)


def _rated(item: Item, source: str, mos: float | None) -> RatedPicture:
    return RatedPicture(
        image=f"images/{item.name}",
        reference=f"references/{source}.png",
        mos=mos,
        better="higher",
        low=None if mos is None else 0.0,
        high=None if mos is None else 1.0,
        distortion=item.distortion,
        level=item.level,
        scene=source,
    )


def _score_lines(rows: Sequence[RatedPicture], scores: dict[str, list[float]]) -> Iterator[str]:
    yield csv_line(("image", "reference", *scores, "mos"))
    for index, row in enumerate(rows):
        values = (column[index] for column in scores.values())
        yield csv_line((row.image, row.reference, *values, row.mos))
