"""Which triplets train and which validate, of several datasets together."""

from dataclasses import replace
from pathlib import Path

import pytest

from acutance.datasets.diffiqa import Label
from acutance.datasets.splits import Split, checksum, split_table, write_split
from acutance.datasets.table import OpinionTable, RatedImage, read_table, write_table
from acutance.datasets.triplets import repeats
from acutance.errors import ConfigError, DatasetError, TrainingError
from acutance.training.triplets import PlacedTriplet, TripletData, TripletLists, TripletSource, triplet_lists
from tests.fakes.afine_training import triplet_data, write_triplet_set
from tests.fakes.datasets.files import write_images, write_lines
from tests.fakes.datasets.restored import write_diffiqa, write_pipal, write_sriqa_bench
from tests.fakes.datasets.with_references import write_kadid10k, write_tid2013
from tests.raising import raises
from tests.unit.datasets.test_diffiqa_labels import write_labels


def lists(*sources: TripletSource, **settings: object) -> TripletLists:
    """Of datasets that are a few images of the published ones."""
    small = [source.model_copy(update={"allow_missing": True}) for source in sources]
    return triplet_lists(TripletData.model_validate({"sources": small, **settings}))


def scenes(triplets: list[PlacedTriplet]) -> set[str]:
    return {triplet.reference.stem for triplet in triplets}


def diffiqa(root: Path) -> Path:
    """In both labelled parts the first version is better than the original, the second worse, the third alike."""
    write_diffiqa(root)
    for part, names in {"Train": ("000006x0y770", "000017x27y13"), "Validation": ("000100x1y1",)}.items():
        kinds: dict[str, Label] = {"01": "Positive", "02": "Negative", "03": "Similar"}
        labels = {f"{name}_{index}": (kind, kind, kind) for name in names for index, kind in kinds.items()}
        write_labels(root / part / "trainlabel/labels", labels)
    return root


def test_a_table_with_parts_trains_and_validates_with_them_and_leaves_the_test_part_alone(tmp_path: Path):
    found = triplet_lists(triplet_data(write_triplet_set(tmp_path)))
    assert scenes(found.train) == {"a", "b"}
    assert {name: scenes(triplets) for name, triplets in found.validation.items()} == {"rated": {"c"}}
    assert len(found.train) == 2 * 9 * 3  # (n + 1) round(log2(n + 1)) for each reference


def test_pictures_are_files_and_labels_follow_opinions(tmp_path: Path):
    table = write_triplet_set(tmp_path)
    mos = {row.image: row.mos for row in read_table(table)}
    for triplet in triplet_lists(triplet_data(table)).train:
        assert triplet.first.is_file()
        first, second = (mos.get(path.name) for path in (triplet.first, triplet.second))
        assert first is not None
        better = second is not None and first > second
        assert triplet.labels == (1.0 if better else 0.5 if first == second else 0.0, 0.0, 0.5 if second is None else 0)


def test_each_dataset_validates_on_its_own(tmp_path: Path):
    write_kadid10k(tmp_path / "kadid10k")
    write_tid2013(tmp_path / "tid2013")
    sources = [TripletSource(dataset=name, protocol="own") for name in ("kadid10k", "tid2013")]
    found = lists(*sources, root=str(tmp_path))
    assert set(found.validation) == {"kadid10k", "tid2013"}
    assert not scenes(found.train) & {scene for each in found.validation.values() for scene in scenes(each)}


def test_diffiqa_validates_with_better_against_worse_alone(tmp_path: Path):
    found = lists(TripletSource(dataset="diffiqa", root=str(diffiqa(tmp_path)), protocol="afine"))
    assert scenes(found.train) == {"000006x0y770", "000017x27y13"}
    (only,) = found.validation["diffiqa"]
    assert [path.stem[-2:] for path in (only.first, only.second)] == ["01", "02"]
    assert only.labels == (1.0, 1.0, 0.0)


def test_pipal_whose_validation_part_nobody_rated_holds_some_of_its_training_part_out(tmp_path: Path):
    write_pipal(tmp_path)
    found = lists(TripletSource(dataset="pipal", root=str(tmp_path)))
    assert len(scenes(found.train)) == len(scenes(found.validation["pipal"])) == 1
    assert "A0210" not in scenes(found.train) | scenes(found.validation["pipal"])


def test_afines_protocol_keeps_a_fifth_of_the_scenes_for_tests(tmp_path: Path):
    rows = [
        RatedImage(image=f"{scene}_{level}.png", reference=f"{scene}.png", mos=5.0 - level, scene=scene)
        for scene in "abcdefghij"
        for level in range(3)
    ]
    write_table(OpinionTable(rows, tmp_path, "many"), tmp_path / "many.csv")
    found = lists(TripletSource(dataset=str(tmp_path / "many.csv"), protocol="afine"))
    split = split_table(read_table(tmp_path / "many.csv"), "afine", seed=0)
    assert [len(split.scenes(part)) for part in ("train", "validation", "test")] == [7, 1, 2]
    assert scenes(found.train) == set(split.train)
    assert scenes(found.validation["many"]) == set(split.validation)


def test_afines_protocol_leaves_a_test_part_where_it_is(tmp_path: Path):
    table = read_table(write_triplet_set(tmp_path))
    rows = [replace(row, split="test" if row.split == "test" else "train") for row in table]
    write_table(OpinionTable(rows, tmp_path, "two"), tmp_path / "two.csv")
    found = lists(TripletSource(dataset=str(tmp_path / "two.csv"), protocol="afine"))
    assert scenes(found.train) | scenes(found.validation["two"]) == {"a", "b", "c"}


def test_a_split_from_a_file_is_taken(tmp_path: Path):
    write_kadid10k(tmp_path)
    train, validation = ("images/I81.png",), ("images/I01.png",)
    sha256 = checksum((*train, *validation))
    split = Split(dataset="kadid10k", train=train, validation=validation, test=(), rule="by hand", scenes_sha256=sha256)
    write_split(tmp_path / "split.json", split)
    found = lists(TripletSource(dataset="kadid10k", root=str(tmp_path), split=str(tmp_path / "split.json")))
    assert (scenes(found.train), scenes(found.validation["kadid10k"])) == ({"I81"}, {"I01"})


def test_what_does_not_validate_trains_whole(tmp_path: Path):
    write_kadid10k(tmp_path / "kadid10k")
    write_tid2013(tmp_path / "tid2013")
    found = lists(
        TripletSource(dataset="kadid10k", validates=False), TripletSource(dataset="tid2013"), root=str(tmp_path)
    )
    assert set(found.validation) == {"tid2013"}
    assert {"I01", "I81"} <= scenes(found.train)


def test_balancing_repeats_small_lists_as_the_authors_do(tmp_path: Path):
    write_triplet_set(tmp_path / "rated")
    diffiqa(tmp_path / "diffiqa")
    sources = (
        TripletSource(dataset=str(tmp_path / "rated/rated.csv")),
        TripletSource(dataset="diffiqa", root=str(tmp_path / "diffiqa")),
    )
    counts = {"rated": 54, "diffiqa": 2 * 6}  # of three versions: every two of them, and each alone
    assert len(lists(*sources).train) == sum(counts.values())
    times = repeats(counts)
    assert times == {"rated": 1, "diffiqa": 5}
    found = lists(*sources, balance=True)
    assert len(found.train) == 54 + 5 * 12
    assert {name: len(each) for name, each in found.validation.items()} == {"rated": 27, "diffiqa": 1}


def test_the_same_seed_draws_the_same_triplets(tmp_path: Path):
    table = write_triplet_set(tmp_path)
    first, again, other = (triplet_lists(triplet_data(table, seed=seed)) for seed in (0, 0, 1))
    assert first.train == again.train
    assert first.train != other.train


def test_no_dataset_is_one_clear_line():
    with raises(ConfigError, "--set task.data.sources"):
        lists()


def test_a_dataset_without_folder_says_how_to_name_it():
    with raises(ConfigError, "tid2013", "--set task.data.root=/data"):
        lists(TripletSource(dataset="tid2013"))


def test_a_dataset_named_twice_is_refused(tmp_path: Path):
    source = TripletSource(dataset=str(write_triplet_set(tmp_path)))
    with raises(ConfigError, "rated"):
        lists(source, source)


def test_nothing_to_validate_with_is_told_before_training(tmp_path: Path):
    source = TripletSource(dataset=str(write_triplet_set(tmp_path)), validates=False)
    with raises(TrainingError, "rated"):
        lists(source)


def test_pairs_without_labels_against_the_reference_are_refused(tmp_path: Path):
    write_sriqa_bench(tmp_path)
    with raises(TrainingError, "sriqa_bench"):
        lists(TripletSource(dataset="sriqa_bench", root=str(tmp_path)))


def own_lists(root: Path) -> dict[str, object]:
    """Lists in A-FINE's layout of two datasets, images in folders of their own."""
    write_images(root / "p/DiffIQA/images", ["01/a_01.png", "02/a_02.png", "Original/a.png"])
    write_images(root / "q/pixels", ["I01.png", "I01_01_01.png"])
    write_lines(root / "DiffIQA/Triplet.txt", ["a_01.png,a_02.png,a.png,1,1,0"])
    write_lines(root / "DiffIQA/PNY.txt", ["a_02.png,a_01.png,a.png,0"])
    write_lines(root / "KADID10K/Triplet.txt", ["I01_01_01.png,I01.png,I01.png,0,0,0.5"] * 4)
    return {
        "root": str(root),
        "triplets": "DiffIQA/Triplet.txt, KADID10K/Triplet.txt",
        "images": ["p/DiffIQA/images", "q/pixels"],
        "validation_triplets": ("DiffIQA/PNY.txt",),
        "validation_images": "p/DiffIQA/images",
    }


def listed(root: Path, **changes: object) -> TripletLists:
    return triplet_lists(TripletData.model_validate({**own_lists(root), **changes}))


def test_lists_of_ones_own_find_pictures_in_their_folders(tmp_path: Path):
    found = listed(tmp_path)
    first = found.train[0]
    assert first.first == tmp_path / "p/DiffIQA/images/01/a_01.png"
    assert (first.reference.name, first.labels) == ("a.png", (1.0, 1.0, 0.0))
    assert [triplet.first.parent.name for triplet in found.train[1:]] == ["pixels"] * 4
    (pair,) = found.validation["diffiqa"]
    assert (pair.second.name, pair.labels[0]) == ("a_01.png", 0.0)
    found.require_images()


def test_lists_of_ones_own_take_the_place_of_datasets(tmp_path: Path):
    assert len(listed(tmp_path, sources=[{"dataset": "kadid10k"}]).train) == 5


def test_lists_of_ones_own_are_balanced_by_dataset(tmp_path: Path):
    assert len(listed(tmp_path, balance=True).train) == 5 * 1 + 4


def test_one_folder_serves_all_lists_and_validation_too(tmp_path: Path):
    changes = {"images": "p/DiffIQA/images", "validation_images": ()}
    found = listed(tmp_path, triplets=["DiffIQA/Triplet.txt", "DiffIQA/Triplet.txt"], **changes)
    assert (len(found.train), set(found.validation)) == (2, {"diffiqa"})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"validation_triplets": ()}, "task.data.validation_triplets"),
        ({"triplets": ()}, "task.data.triplets"),
        ({"images": ()}, "task.data.images"),
        ({"images": ("q", "q", "q")}, "3"),
    ],
)
def test_lists_without_folders_or_the_other_way_round_are_told(tmp_path: Path, changes: dict[str, object], named: str):
    with raises(ConfigError, named):
        listed(tmp_path, **changes)


def test_a_list_of_four_columns_does_not_train(tmp_path: Path):
    with raises(TrainingError, "diffiqa"):
        listed(tmp_path, triplets=["DiffIQA/PNY.txt", "KADID10K/Triplet.txt"])


def test_a_picture_of_a_list_that_is_nowhere_is_named_with_list_and_folder(tmp_path: Path):
    own_lists(tmp_path)
    write_lines(tmp_path / "more/Triplet.txt", ["b.png,I01.png,I01.png,0,0,0.5"])
    with raises(DatasetError, "b.png", "more/Triplet.txt", "q/pixels"):
        listed(tmp_path, triplets=["DiffIQA/Triplet.txt", "more/Triplet.txt"])
