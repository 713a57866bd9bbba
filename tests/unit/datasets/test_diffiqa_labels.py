import json
from itertools import product
from pathlib import Path

import pytest

from acutance.datasets.diffiqa import LABELS, Label, majority, read_majorities
from acutance.errors import DatasetError
from tests.raising import raises


def write_label(folder: Path, person: str, name: str, label: object) -> Path:
    """One label in the published layout."""
    index = name.rsplit("_", 1)[1]
    path = folder / person / index / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    image = {"Name": f"{name}.png", "File": index, "ImageSize": [512, 512], "Label": label}
    original = {"Name": f"{name.rsplit('_', 1)[0]}.png", "File": "Original", "Label": None}
    path.write_text(json.dumps({"Picture_AI": image, "picture_Original": original, "Time_cost": 2.5}))
    return path


def write_labels(folder: Path, labels: dict[str, tuple[Label, Label, Label]]) -> Path:
    for name, said in labels.items():
        for person, label in zip("ABC", said, strict=True):
            write_label(folder, person, name, label)
    return folder


def test_two_of_three_decide():
    for said in product(LABELS, repeat=3):
        most = [label for label in LABELS if said.count(label) >= 2]
        assert majority(said) == (most[0] if most else None)


def test_three_people_are_needed():
    with raises(DatasetError, 3, "DiffIQA", 2):
        majority(["Similar", "Similar"])


def test_pictures_get_their_majority_and_those_of_three_opinions_are_left_out(tmp_path: Path):
    write_labels(
        tmp_path,
        {
            "000006x0y0_02": ("Negative", "Negative", "Positive"),
            "000006x0y0_01": ("Positive", "Positive", "Positive"),
            "000001x0y0_01": ("Positive", "Similar", "Negative"),
        },
    )
    seen: list[tuple[int, int]] = []
    found = read_majorities(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert found.labels == {"000006x0y0_01": "Positive", "000006x0y0_02": "Negative"}
    assert list(found.labels) == sorted(found.labels)
    assert found.left_out == ["000001x0y0_01"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_label_that_one_person_lacks_is_named(tmp_path: Path):
    write_labels(tmp_path, {"a_01": ("Similar",) * 3, "a_02": ("Similar",) * 3})
    (tmp_path / "C" / "02" / "a_02.json").unlink()
    with raises(DatasetError, "DiffIQA", "02/a_02.json", "C", 1):
        read_majorities(tmp_path)


def test_two_people_are_too_few(tmp_path: Path):
    write_label(tmp_path, "A", "a_01", "Similar")
    write_label(tmp_path, "B", "a_01", "Similar")
    with raises(DatasetError, 3, "A", "B", "C", "DiffIQA", 2, "A", "B"):
        read_majorities(tmp_path)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path):
    with raises(DatasetError, "DiffIQA", "gone"):
        read_majorities(tmp_path / "gone")


def test_people_without_labels_are_one_line(tmp_path: Path):
    for person in "ABC":
        (tmp_path / person / "01").mkdir(parents=True)
    with raises(DatasetError, "NAME_01.json", "DiffIQA"):
        read_majorities(tmp_path)


@pytest.mark.parametrize("label", ["positive", None, 1])
def test_another_word_is_an_error_that_names_the_file(tmp_path: Path, label: object):
    write_labels(tmp_path, {"a_01": ("Similar",) * 3})
    write_label(tmp_path, "B", "a_01", label)
    with raises(DatasetError, "Picture_AI.Label", "DiffIQA", "B/01/a_01.json", repr(label)):
        read_majorities(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", ("a_01.json", 1)), ("3", ("a_01.json", "int")), ("{}", ("a_01.json", "Picture_AI.Label", None))],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, text: str, words: tuple[object, ...]):
    write_labels(tmp_path, {"a_01": ("Similar",) * 3})
    (tmp_path / "A" / "01" / "a_01.json").write_text(text)
    with raises(DatasetError, *words):
        read_majorities(tmp_path)
