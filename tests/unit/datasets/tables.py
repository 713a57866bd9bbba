"""Small tables of opinions for tests."""

from pathlib import Path

from acutance.datasets.table import OpinionTable, RatedImage


def rated(image: str, mos: float | None = 1.0, *, reference: str | None = None, **columns) -> RatedImage:
    return RatedImage(image=image, reference=reference, mos=mos, **columns)


def table_of(*rows: RatedImage, root: Path = Path("nowhere"), name: str = "fake") -> OpinionTable:
    return OpinionTable(rows, root, name)


def full_reference(references: int, distorted: int, name: str = "fake", ending: str = ".bmp") -> OpinionTable:
    """References r000.bmp and on, each with images r000_0.png and on, whose scores rise with their number."""
    rows = [
        rated(f"images/r{index:03}_{number}.png", float(number), reference=f"images/r{index:03}{ending}")
        for index in range(references)
        for number in range(distorted)
    ]
    return table_of(*rows, name=name)


def pictures(count: int, name: str = "fake") -> OpinionTable:
    """Images without references."""
    return table_of(*(rated(f"p{index:04}.jpg", float(index)) for index in range(count)), name=name)
