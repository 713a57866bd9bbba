import json
from pathlib import Path

import pytest

from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.data import EvaluationData
from acutance.evaluation.protocols import find_protocol
from acutance.evaluation.score_files import check_directions, direction_of, take_scores
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, rated, table_of
from tests.unit.evaluation.planning import PLAIN, planned


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def take(path: Path | str, *data: EvaluationData, **better) -> list[str]:
    return take_scores([path], data, PLAIN, better)


def scores_of(data: EvaluationData, model: str) -> dict[str, float | None]:
    return {image: row.score for (image, _), row in data.rows[model].items()}


def test_scores_go_to_their_pictures_with_their_directions(tmp_path: Path):
    data = planned(full_reference(1, 3))
    path = write(tmp_path / "s.csv", "image,ours,gmsd", "r000_2.png,2,-2", "r000_0.png,0,", "r000_1.png,1,-1")
    assert take(path, data, ours="lower") == ["ours", "gmsd"]
    assert scores_of(data, "ours") == {f"images/r000_{n}.png": float(n) for n in range(3)}
    assert data.rows["gmsd"][("images/r000_0.png", "images/r000.bmp")].error
    assert data.better == {"ours": "lower", "gmsd": "lower"}


def test_the_file_its_checksum_and_its_provenance_are_told(tmp_path: Path):
    data = planned(full_reference(1, 1))
    path = write(tmp_path / "s.csv", "image,psnr", "r000_0.png,1")
    Path(f"{path}.provenance.json").write_text(json.dumps({"python": "3.12"}))
    take(path, data)
    (told,) = data.files
    assert (told["file"], told["provenance"]) == (str(path), {"python": "3.12"})
    assert len(str(told["sha256"])) == 64
    assert data.provenance == {"files": [told]}


def test_provenance_that_cannot_be_read_is_refused(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,psnr", "r000_0.png,1")
    Path(f"{path}.provenance.json").write_text("{")
    with raises(EvaluationError, "s.csv", "s.csv.provenance.json"):
        take(path, planned(full_reference(1, 1)))


def test_pictures_without_a_score_are_named(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,psnr", "r000_0.png,1")
    with raises(EvaluationError, "fake", "s.csv", "psnr", 5, "images/r000_1.png", 2):
        take(path, planned(full_reference(2, 3)))


def test_scores_without_a_picture_are_named(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,psnr", "r000_0.png,1", "z.png,2")
    with raises(EvaluationError, "fake", 1, "z.png"):
        take(path, planned(full_reference(1, 1)))


def test_a_file_may_hold_scores_of_the_other_parts_too(tmp_path: Path):
    data = planned(table_of(rated("a.png", split="train"), rated("b.png", split="test")), "test")
    take(write(tmp_path / "s.csv", "image,psnr", "a.png,1", "b.png,2"), data)
    assert scores_of(data, "psnr") == {"b.png": 2.0}


def test_one_file_may_be_of_several_data_sets(tmp_path: Path):
    first, second = planned(table_of(rated("a.png"), name="one")), planned(table_of(rated("b.png"), name="two"))
    take(write(tmp_path / "s.csv", "image,psnr", "b.png,2", "a.png,1"), first, second)
    assert (scores_of(first, "psnr"), scores_of(second, "psnr")) == ({"a.png": 1.0}, {"b.png": 2.0})


def test_a_file_of_one_data_set_leaves_the_others_alone(tmp_path: Path):
    first, second = planned(table_of(rated("a.png"), name="one")), planned(table_of(rated("b.png"), name="two"))
    take(write(tmp_path / "s.csv", "image,psnr", "b.png,2"), first, second)
    assert (first.rows, first.files, len(second.files)) == ({}, [], 1)


def test_a_name_in_two_data_sets_needs_the_file_to_be_named(tmp_path: Path):
    first, second = planned(table_of(rated("a.png"), name="one")), planned(table_of(rated("a.png"), name="two"))
    path = write(tmp_path / "s.csv", "image,psnr", "a.png,2")
    with raises(EvaluationError, "a.png", "one", "two", "--scores one=FILE"):
        take(path, first, second)
    take(f"two={path}", first, second)
    assert (first.rows, scores_of(second, "psnr")) == ({}, {"a.png": 2.0})


def test_a_model_of_two_files_is_refused(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,psnr", "r000_0.png,1")
    with raises(EvaluationError, "fake", "psnr", "s.csv"):
        take_scores([path, path], [planned(full_reference(1, 1))], PLAIN, {})


def test_the_direction_of_an_unknown_model_must_be_told():
    with raises(EvaluationError, "ours", "--better ours=higher", "--better ours=lower"):
        direction_of("ours", PLAIN, None)
    assert direction_of("ours", PLAIN, "lower") == "lower"
    assert direction_of("psnr", PLAIN, None) == "higher"
    assert direction_of("psnr", PLAIN, "lower") == "lower"


def test_a_direction_that_the_file_says_needs_no_other(tmp_path: Path):
    data = planned(full_reference(1, 1))
    take(write(tmp_path / "s.csv", "image,model,score,better", "r000_0.png,ours,1,lower"), data)
    assert data.better == {"ours": "lower"}


@pytest.mark.parametrize("name", ["ours", "psnr"])
def test_a_direction_against_that_of_the_file_is_refused(tmp_path: Path, name: str):
    path = write(tmp_path / "s.csv", "image,model,score,better", f"r000_0.png,{name},1,lower")
    with raises(EvaluationError, name, "better=lower", f"{name}=higher"):
        take_scores([path], [planned(full_reference(1, 1))], PLAIN, {name: "higher"})


def test_the_direction_of_the_file_goes_before_that_of_the_catalogue(tmp_path: Path):
    data = planned(full_reference(1, 1))
    take(write(tmp_path / "s.csv", "image,model,score,better", "r000_0.png,psnr,1,lower"), data)
    assert data.better == {"psnr": "lower"}


def test_the_direction_of_the_score_is_not_that_of_a_term(tmp_path: Path):
    data = planned(full_reference(1, 1))
    path = write(
        tmp_path / "s.csv", "image,model,score,better,raw_naturalness", "r000_0.png,afine-naturalness,1,higher,2"
    )
    protocol = find_protocol("afine-stage1")
    take_scores([path], [data], protocol, {})
    assert data.better == {"afine-naturalness": protocol.direction("afine-naturalness")}


def test_a_term_has_the_direction_that_the_protocol_says():
    assert direction_of("afine", find_protocol("afine-stage1"), None) == "lower"


def test_another_ending_is_refused():
    with raises(UnknownNameError, ".txt"):
        take("s.txt", planned(full_reference(1, 1)))


@pytest.mark.usefixtures("as_users_run_it")
def test_a_direction_that_is_none_is_refused():
    with raises(EvaluationError, "ours", "down"):
        check_directions({"ours": "down"}, ["ours"])  # type: ignore[dict-item]


def test_the_catalogue_knows_the_direction_of_its_models_in_any_case():
    assert direction_of("GMSD", PLAIN, None) == "lower"
