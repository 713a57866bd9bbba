from collections.abc import Callable
from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.comparisons import Triplet
from acutance.datasets.pieapp import Part as PieAPPPart
from acutance.datasets.table import OpinionTable
from acutance.datasets.triplets import PairRules, diffiqa_label_folder, training_pairs
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, rated, table_of
from tests.unit.datasets.test_diffiqa_labels import write_labels
from tests.unit.datasets.test_pieapp_preferences import write_labels as write_preferences


def diffiqa(root: Path) -> OpinionTable:
    rows = [
        rated(f"Train/images/{index}/{name}_{index}.png", None, reference=f"Train/images/Original/{name}.png")
        for name in "ab"
        for index in ("01", "02")
    ]
    return table_of(*rows, root=root, name="diffiqa")


def test_datasets_with_scores_have_afines_triplets_with_its_slips_on_request():
    table = full_reference(2, 7, name="pipal")
    assert len(training_pairs(table)) == 2 * 24
    slipped = training_pairs(table, PairRules(reference_first=True, reference_as_png=True))
    assert any(pair.first == pair.reference == "images/r000.png" for pair in slipped)


def test_diffiqa_has_triplets_of_labels_by_the_paths_of_its_table(tmp_path: Path):
    labels = tmp_path / "Train" / "trainlabel" / "labels"
    write_labels(labels, {"a_01": ("Positive",) * 3, "a_02": ("Negative",) * 3, "b_01": ("Similar",) * 3})
    pairs = training_pairs(diffiqa(tmp_path))
    a1, a2, a = "Train/images/01/a_01.png", "Train/images/02/a_02.png", "Train/images/Original/a.png"
    assert list(pairs[:2]) == [Triplet(a1, a2, a, 1.0, 1.0, 0.0), Triplet(a1, a, a, 1.0, 1.0, 0.5)]
    assert len(pairs) == 4


def test_a_part_of_diffiqa_has_its_own_triplets_alone(tmp_path: Path):
    write_labels(tmp_path / "labels", {"a_01": ("Similar",) * 3, "b_01": ("Similar",) * 3})
    table = diffiqa(tmp_path)
    part = table_of(*(row for row in table if "/b" in row.image), root=tmp_path, name="diffiqa")
    assert [pair.reference for pair in training_pairs(part)] == ["Train/images/Original/b.png"]


def test_sriqa_bench_has_pairs():
    rows = [rated(f"images/m{i}/c_m{i}.png", float(i), reference="images/m0/c_m0.png") for i in range(11)]
    assert len(training_pairs(table_of(*rows, name="sriqa_bench"))) == 55


def test_pieapp_has_the_share_of_people(tmp_path: Path):
    write_preferences(tmp_path, "ref_7.png,distort_7_a.png,distort_7_b.png,,0.25")
    rows = [
        rated(
            f"distorted_images/train/ref_7/distort_7_{letter}.png", None, reference="reference_images/train/ref_7.png"
        )
        for letter in "ab"
    ]
    (pair,) = training_pairs(table_of(*rows, root=tmp_path, name="pieapp"))
    assert pair.first_wins == 0.25


@pytest.mark.parametrize(
    ("name", "lines"),
    # by hand: references x (n + 1) x round(log2(n + 1)), for n distorted images of each
    [
        ("tid2008", 2 * 13 * 4),
        ("tid2013", 3 * 16 * 4),
        ("kadid10k", 2 * 16 * 4),
        ("csiq", 30 * 5 + 29 * 5),  # 29 and 28 distorted
        ("pipal", 2 * 4 * 2),  # 2 rated references of 3; the third nobody rated
        ("sriqa_bench", 2 * 55),
        ("pieapp", 2),  # 3 images, the first beside each other
    ],
)
def test_every_fake_gives_the_lines_counted_by_hand(fake: Callable[[str], Path], name: str, lines: int):
    assert len(training_pairs(read_dataset(name, fake(name)))) == lines


def test_a_dataset_that_nobody_rated_has_no_triplets(fake: Callable[[str], Path]):
    with raises(DatasetError, "kadis700k"):
        training_pairs(read_dataset("kadis700k", fake("kadis700k")))


def test_labels_that_are_not_there_are_one_line(tmp_path: Path):
    with raises(DatasetError, "DiffIQA", "Validation/trainlabel/labels"):
        diffiqa_label_folder(tmp_path, "validation")


def two_parts_of_diffiqa(root: Path) -> OpinionTable:
    """A scene of Train and one of Validation, as a split of one's own mixes them."""
    rows = []
    for part, name in (("Train", "a"), ("Validation", "b")):
        write_labels(root / part / "trainlabel" / "labels", {f"{name}_01": ("Similar",) * 3})
        images = f"{part}/images"
        rows.append(rated(f"{images}/01/{name}_01.png", None, reference=f"{images}/Original/{name}.png"))
    return table_of(*rows, root=root, name="diffiqa")


def test_a_split_of_ones_own_has_the_labels_of_every_part_of_diffiqa(tmp_path: Path):
    pairs = training_pairs(two_parts_of_diffiqa(tmp_path), PairRules(part=None))
    assert [pair.reference for pair in pairs] == ["Train/images/Original/a.png", "Validation/images/Original/b.png"]


def test_labels_that_are_in_no_part_are_read_once(tmp_path: Path):
    write_labels(tmp_path / "labels", {f"{name}_0{index}": ("Similar",) * 3 for name in "ab" for index in (1, 2)})
    assert len(training_pairs(diffiqa(tmp_path), PairRules(part=None))) == 2 * 3


def test_a_scene_whose_people_disagree_has_labels_but_no_triplets(tmp_path: Path):
    write_labels(tmp_path / "labels", {"a_01": ("Similar",) * 3, "b_01": ("Positive", "Similar", "Negative")})
    assert len(training_pairs(diffiqa(tmp_path), PairRules(part=None))) == 1


def test_a_scene_without_labels_is_an_error(tmp_path: Path):
    write_labels(tmp_path / "labels", {"a_01": ("Similar",) * 3})
    with raises(DatasetError, "diffiqa", "b.png", 1):
        training_pairs(diffiqa(tmp_path), PairRules(part=None))


def test_a_split_of_ones_own_has_the_preferences_of_every_part_of_pieapp(tmp_path: Path):
    rows = []
    parts: tuple[PieAPPPart, ...] = ("train", "val")
    for part in parts:
        write_preferences(tmp_path, f"ref_{part}.png,{part}_a.png,{part}_b.png,,0.25", part=part)
        rows += [
            rated(f"distorted_images/{part}/ref_{part}/{part}_{letter}.png", None, reference=f"x/ref_{part}.png")
            for letter in "ab"
        ]
    (tmp_path / "labels" / "test").mkdir()  # without pairs, as for those who take the scores alone
    pairs = training_pairs(table_of(*rows, root=tmp_path, name="pieapp"), PairRules(part=None))
    assert [pair.reference for pair in pairs] == ["x/ref_train.png", "x/ref_val.png"]


def test_a_pieapp_reference_without_preferences_is_an_error(tmp_path: Path):
    write_preferences(tmp_path, "ref_7.png,distort_7_a.png,distort_7_b.png,,0.25")
    row = rated("distorted_images/val/ref_8/distort_8_a.png", None, reference="reference_images/val/ref_8.png")
    with raises(DatasetError, "pieapp", "ref_8.png"):
        training_pairs(table_of(row, root=tmp_path, name="pieapp"), PairRules(part=None))


def test_no_pair_at_all_is_an_error(tmp_path: Path):
    write_labels(tmp_path / "labels", {"z_01": ("Similar",) * 3})
    with raises(DatasetError, "diffiqa"):
        training_pairs(diffiqa(tmp_path))


@pytest.mark.parametrize("slip", ["reference_first", "reference_as_png"])
def test_slips_of_triplets_from_scores_are_refused_for_a_dataset_with_pairs_of_its_own(slip: str):
    table = OpinionTable([], Path("nowhere"), "sriqa_bench")
    with raises(DatasetError, "sriqa_bench"):
        training_pairs(table, PairRules(**{slip: True}))  # type: ignore[arg-type]
