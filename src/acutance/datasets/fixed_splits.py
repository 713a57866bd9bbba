"""Splits that a protocol fixed reference by reference: VTAMIQ's."""

from pathlib import PurePosixPath

from acutance.datasets.splits import Split, checksum, part_of_table, scenes_of
from acutance.datasets.table import OpinionTable
from acutance.errors import DatasetError, UnknownNameError

VTAMIQ = {
    "tid2008": (15, 20, 25),
    "tid2013": (15, 20, 25),
    "csiq": (18, 24, 30),
    "live": (17, 23, 29),
    "kadid10k": (49, 65, 81),
    "pipal": (160, 160, 200),
    "pieapp": (130, 135, 140),
}
"""Where training, validation and test end among the references sorted by name (its ``train_config.py``, 2024).

Two slips are put right: LIVE's last reference (28, counted from 0) belonged to no part and tests here, and PIPAL's
validation was its test and is empty here.
"""
TRAINS_WHOLE = "kadis700k"
"""VTAMIQ trains with all of it, however many references are there (it leaves out denoised pictures)."""


def fixed_split(table: OpinionTable, protocol: str = "vtamiq") -> Split:
    """The fixed split of a dataset.

    Args:
        table: The whole dataset; of PieAPP only the rows whose column ``split`` is ``train`` are split.
        protocol: Who fixed it: ``vtamiq``.

    Raises:
        UnknownNameError: A protocol or a dataset without fixed split.
        DatasetError: Another number of references than the split is for.
    """
    if protocol != "vtamiq":
        raise UnknownNameError("fixed split", protocol, ["vtamiq"])
    if table.name not in (*VTAMIQ, TRAINS_WHOLE):
        raise UnknownNameError("dataset with a fixed split", table.name, (*VTAMIQ, TRAINS_WHOLE))
    scenes = scenes_of(table)
    if table.name == "pieapp":
        scenes = sorted(scenes_of(part_of_table(table, None, "train")), key=_label_file)
    train, validation, test = VTAMIQ.get(table.name, (len(scenes),) * 3)
    if len(scenes) != test:
        raise DatasetError(
            f"Expected the {test} references of {table.name}, got {len(scenes)}. Take the whole dataset, or split it "
            "at random."
        )
    return Split(
        dataset=table.name,
        train=tuple(scenes[:train]),
        validation=tuple(scenes[train:validation]),
        test=tuple(scenes[validation:]),
        rule=f"{protocol}-fixed",
        scenes_sha256=checksum(scenes),
    )


def _label_file(reference: str) -> str:
    """The file that PieAPP's labels of a reference are in, by whose name its references are sorted."""
    return PurePosixPath(reference).stem + "_pairwise_labels.csv"  # ref_10_ comes before ref_1_
