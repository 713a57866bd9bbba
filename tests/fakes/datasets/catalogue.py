"""One small fake of each dataset, and what its table must hold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.datasets.alone import write_agiqa3k, write_bid, write_biq2021, write_koniq10k, write_spaq
from tests.fakes.datasets.matlab import LIVE_ORIGINALS, LIVEC_RATED, write_live, write_livec
from tests.fakes.datasets.restored import write_diffiqa, write_pieapp, write_pipal, write_sriqa_bench
from tests.fakes.datasets.with_references import (
    write_csiq,
    write_kadid10k,
    write_kadis700k,
    write_tid2008,
    write_tid2013,
)


@dataclass(frozen=True, kw_only=True)
class Fake:
    """How a fake is made, and what it holds."""

    write: Callable[[Path], None]
    rated: int = 0
    unrated: int = 0
    references: int = 0
    better: str = "higher"
    low: float | None = None
    high: float | None = None
    splits: dict[str, int] = field(default_factory=dict)


FAKES = {
    "tid2008": Fake(write=write_tid2008, rated=24, references=2, low=0, high=9),
    "tid2013": Fake(write=write_tid2013, rated=45, references=3, low=0, high=9),
    "kadid10k": Fake(write=write_kadid10k, rated=30, references=2, low=1, high=5),
    "kadis700k": Fake(write=write_kadis700k, unrated=15, references=3),
    "csiq": Fake(write=write_csiq, rated=57, references=2, better="lower", low=0, high=1),
    "live": Fake(write=write_live, rated=982 - LIVE_ORIGINALS, references=29, better="lower"),
    "livec": Fake(write=write_livec, rated=LIVEC_RATED, low=0, high=100),
    "bid": Fake(write=write_bid, rated=4, low=0, high=5),
    "koniq10k": Fake(write=write_koniq10k, rated=6, low=0, high=100, splits={"train": 3, "validation": 1, "test": 2}),
    "spaq": Fake(write=write_spaq, rated=3, low=0, high=100),
    "agiqa3k": Fake(write=write_agiqa3k, rated=4, low=0, high=5),
    "pipal": Fake(write=write_pipal, rated=6, unrated=2, references=3, splits={"train": 6, "validation": 2}),
    "pieapp": Fake(
        write=write_pieapp,
        rated=4,
        unrated=5,
        references=4,
        better="lower",
        splits={"train": 3, "validation": 2, "test": 4},
    ),
    "diffiqa": Fake(write=write_diffiqa, unrated=24, references=4, splits={"train": 12, "validation": 6, "test": 6}),
    "sriqa_bench": Fake(write=write_sriqa_bench, rated=22, references=2, low=0, high=100),
    "biq2021": Fake(write=write_biq2021, rated=7, low=0, high=1, splits={"train": 5, "test": 2}),
}
