from pathlib import Path

import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.evaluation.data import PlannedData
from acutance.evaluation.model_scores import ModelScores, Rerun
from acutance.evaluation.protocols import find_protocol
from acutance.scoring.settings import ScoringSettings
from tests.fakes.rated_set import write_rated_set
from tests.raising import lacking, raises
from tests.unit.datasets.tables import rated, table_of
from tests.unit.evaluation.planning import PLAIN, planned
from tests.unit.scoring.fakes import Brightness, Distance

SETTINGS = ScoringSettings(workers=1)


@pytest.fixture
def data(tmp_path: Path) -> PlannedData:
    return planned(write_rated_set(tmp_path / "set", references=2, levels=2))


def scores_of(models, *data: PlannedData, output: Path | None = None, rerun: Rerun | None = None, **options):
    return ModelScores(models, data, PLAIN, settings=SETTINGS, output=output, rerun=rerun or Rerun(), **options)


def run(scores: ModelScores, on_progress=None) -> None:
    scores.load_models(device="cpu", precision="float32", offline=True)
    scores.run(on_progress)


def alone(data: PlannedData, *, rated_ones: int = 8) -> PlannedData:
    """The pictures of a set without their references."""
    rows = [rated(row.image, row.mos) for row in data.table.rows[:rated_ones]]
    return planned(table_of(*rows, root=data.root, name="alone"))


def test_every_picture_is_scored_by_every_model(data: PlannedData):
    scores = scores_of(["psnr", "ssim"], data)
    run(scores)
    assert (scores.names, list(data.said)) == (["psnr", "ssim"], ["psnr", "ssim"])
    assert {len(said) for said in data.said.values()} == {8}
    assert all(said.score is not None for model in data.said.values() for said in model.values())
    assert data.better == {"psnr": "higher", "ssim": "higher"}
    assert [one["model"] for one in data.provenance["models"]] == ["psnr", "ssim"]  # type: ignore[attr-defined]


def test_a_picture_that_fails_is_told_with_its_error(data: PlannedData):
    (data.root / data.table.rows[3].image).unlink()
    run(scores_of(["psnr"], data))
    failed = [key[0] for key, said in data.said["psnr"].items() if said.score is None]
    assert failed == [data.table.rows[3].image]
    assert any(said.error for said in data.said["psnr"].values())


def test_a_picture_without_reference_fails_for_models_that_compare_only(data: PlannedData):
    rows = [*data.table.rows, rated("refs/r0.png", None)]
    mixture = planned(table_of(*rows, root=data.root))
    run(scores_of([Distance("psnr"), Brightness("afine-naturalness")], mixture))
    last = ("refs/r0.png", None)
    assert mixture.said["afine-naturalness"][last].score is not None
    assert not lacking(str(mixture.said["psnr"][last].error), "reference", "psnr")
    assert sum(said.score is None for said in mixture.said["psnr"].values()) == 1


def test_a_model_that_compares_is_left_out_where_there_are_no_references(data: PlannedData):
    other = alone(data)
    scores = scores_of([Distance("psnr"), Brightness("afine-naturalness")], data, other)
    run(scores)
    assert (list(data.said), list(other.said)) == (["psnr", "afine-naturalness"], ["afine-naturalness"])
    assert any(not lacking(line, "alone", "psnr") for line in scores.report())


def test_a_model_that_can_score_nothing_is_refused(data: PlannedData):
    with raises(ConfigError, "images/r0_blur_1.png", "psnr"):
        scores_of(["psnr"], alone(data))


def test_models_are_loaded_once_for_all_data_sets(data: PlannedData):
    model = Distance("psnr")
    second = planned(table_of(*data.table.rows, root=data.root, name="second"))
    run(scores_of([model], data, second))
    assert sum(model.batches) == 16
    assert data.said["psnr"] == second.said["psnr"]


def test_progress_counts_the_pictures_of_all_data_sets(data: PlannedData):
    seen: list[tuple[int, int]] = []
    run(scores_of(["psnr"], data, alone_with_references(data)), lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {16}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (16, 16)


def alone_with_references(data: PlannedData) -> PlannedData:
    return planned(table_of(*data.table.rows, root=data.root, name="again"))


def test_scores_are_kept_with_all_terms_and_resumed(data: PlannedData, tmp_path: Path):
    output = tmp_path / "out"
    run(scores_of(["psnr"], data, output=output))
    path = output / "scores" / "rated.csv"
    whole, said = path.read_bytes(), dict(data.said["psnr"])
    assert whole.startswith(b"image,reference,model,score,better,depth,error\nimages/r0_blur_1.png,refs/r0.png,psnr,")
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    with raises(ConfigError, "rated.csv"):
        scores_of(["psnr"], data, output=output)
    seen: list[int] = []
    run(
        scores_of(["psnr"], data, output=output, rerun=Rerun(resume=True)),
        lambda done, total: seen.append(done),
    )
    assert path.read_bytes() == whole
    assert data.said["psnr"] == said
    assert seen[0] == 4  # three were there


def test_other_models_do_not_continue_a_file(data: PlannedData, tmp_path: Path):
    run(scores_of(["psnr"], data, output=tmp_path))
    with raises(ConfigError, 1, "rated.csv", "images/r0_blur_1.png"):
        scores_of(["ssim"], data, output=tmp_path, rerun=Rerun(resume=True))
    run(scores_of(["ssim"], data, output=tmp_path, rerun=Rerun(overwrite=True)))
    assert "ssim" in (tmp_path / "scores" / "rated.csv").read_text()


def test_options_reach_the_models_and_strays_are_refused(data: PlannedData):
    run(scores_of(["psnr"], data, options={"psnr": {"channel": "luma"}}))
    in_grey = dict(data.said["psnr"])
    run(scores_of(["psnr"], data))
    assert in_grey != data.said["psnr"]
    with raises(ConfigError, "psnr", "ssim"):
        scores_of(["psnr"], data, options={"ssim": {}})
    with raises(UnknownNameError, "psrn", "psnr"):
        scores_of(["psrn"], data)


def test_a_protocol_may_look_at_a_part_of_the_score(data: PlannedData):
    model = Distance("afine")
    stage = ModelScores([model], [data], find_protocol("afine-stage3"), settings=SETTINGS)
    assert data.better == {"afine": "lower"}
    run(stage)
    assert all("adaptive" in str(said.error) for said in data.said["afine"].values())
    with raises(ConfigError, "adaptive", "afine-stage3", "psnr"):
        ModelScores(["psnr"], [data], find_protocol("afine-stage3"), settings=SETTINGS)


def test_a_model_of_the_callers_own_has_its_own_direction(data: PlannedData, tmp_path: Path):
    run(scores_of([Distance("mine"), "psnr"], data, output=tmp_path))
    assert data.better == {"mine": "lower", "psnr": "higher"}
    assert len(data.said["mine"]) == 8


def test_any_name_of_a_data_set_makes_a_file(data: PlannedData, tmp_path: Path):
    second = planned(table_of(*data.table.rows, root=data.root, name="../up/a:b"))
    run(scores_of(["psnr"], second, output=tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out/scores").glob("*.csv")] == ["_up_a_b.csv"]


def test_no_models_do_nothing(data: PlannedData):
    scores = scores_of([], data)
    run(scores)
    assert (scores.names, scores.report(), data.said, scores.described()) == ([], [], {}, {})


def test_what_is_known_of_the_models_is_told_by_name(data: PlannedData):
    scores = scores_of(["psnr"], data)
    run(scores)
    assert scores.described()["psnr"]["device"] == "cpu"
