from pathlib import Path

import pytest

from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, UnknownNameError
from acutance.evaluation.api import Work, measure, read, score
from acutance.evaluation.data import EvaluationData
from acutance.evaluation.measure import EvaluationOptions
from acutance.scoring.options import RunOptions
from tests.fakes.rated_set import write_rated_set
from tests.raising import lacking, raises
from tests.unit.datasets.tables import rated, table_of
from tests.unit.scoring.fakes import Brightness, Distance

SETTINGS = RunOptions(workers=1)


@pytest.fixture
def table(tmp_path: Path) -> OpinionTable:
    return write_rated_set(tmp_path / "set", references=2, levels=2)


def work_of(models, *tables: OpinionTable, protocol: str = "plain", part=None, output: Path | None = None, **chosen):
    options = EvaluationOptions(protocol=protocol, part=part, draws=0)
    return read(models, list(tables), options=options, settings=SETTINGS, output=output, **chosen)


def scored(work: Work, on_progress=None) -> list[EvaluationData]:
    work.load_models()
    score(work, on_progress)
    return work.data


def alone(table: OpinionTable) -> OpinionTable:
    """The images of a set without their references."""
    return table_of(*(rated(row.image, row.mos) for row in table), root=table.root, name="alone")


def again(table: OpinionTable, name: str) -> OpinionTable:
    return table_of(*table.rows, root=table.root, name=name)


def test_every_picture_is_scored_by_every_model(table: OpinionTable):
    work = work_of(["psnr", "ssim"], table)
    (data,) = scored(work)
    assert (work.names, list(data.rows)) == (["psnr", "ssim"], ["psnr", "ssim"])
    assert {len(rows) for rows in data.rows.values()} == {8}
    assert all(row.score is not None for model in data.rows.values() for row in model.values())
    assert data.better == {"psnr": "higher", "ssim": "higher"}
    assert [one["model"] for one in data.provenance["models"]] == ["psnr", "ssim"]  # type: ignore[attr-defined]


def test_a_picture_that_fails_is_told_with_its_error(table: OpinionTable):
    work = work_of(["psnr"], table)
    (table.root / table.rows[3].image).unlink()
    (data,) = scored(work)
    failed = [key[0] for key, row in data.rows["psnr"].items() if row.score is None]
    assert failed == [table.rows[3].image]
    assert any(row.error for row in data.rows["psnr"].values())


def test_a_picture_without_reference_fails_for_models_that_compare_only(table: OpinionTable):
    rows = [*table.rows, rated("refs/r0.png", None)]
    mixture = table_of(*rows, root=table.root)
    (data,) = scored(work_of([Distance("psnr"), Brightness("afine-naturalness")], mixture))
    last = ("refs/r0.png", None)
    assert data.rows["afine-naturalness"][last].score is not None
    assert not lacking(str(data.rows["psnr"][last].error), "reference", "psnr")
    assert sum(row.score is None for row in data.rows["psnr"].values()) == 1


def test_a_model_that_compares_is_left_out_where_there_are_no_references(table: OpinionTable):
    work = work_of([Distance("psnr"), Brightness("afine-naturalness")], table, alone(table))
    data, other = scored(work)
    assert (list(data.rows), list(other.rows)) == (["psnr", "afine-naturalness"], ["afine-naturalness"])
    assert any(not lacking(line, "alone", "psnr") for line in work.report())


def test_a_model_that_can_score_nothing_is_refused(table: OpinionTable):
    with raises(ConfigError, "images/r0_blur_1.png", "psnr"):
        work_of(["psnr"], alone(table))


def test_models_are_loaded_once_for_all_data_sets(table: OpinionTable):
    model = Distance("psnr")
    first, second = scored(work_of([model], table, again(table, "second")))
    assert sum(model.batches) == 16
    assert first.rows["psnr"] == second.rows["psnr"]


def test_progress_counts_the_pictures_of_all_data_sets(table: OpinionTable):
    seen: list[tuple[int, int]] = []
    scored(work_of(["psnr"], table, again(table, "again")), lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {16}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (16, 16)


def test_scores_are_kept_with_all_terms_and_resumed(table: OpinionTable, tmp_path: Path):
    output = tmp_path / "out"
    (before,) = scored(work_of(["psnr"], table, output=output))
    path = output / "scores" / "rated.csv"
    whole = path.read_bytes()
    assert whole.startswith(b"image,reference,model,score,better,depth,error\nimages/r0_blur_1.png,refs/r0.png,psnr,")
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    with raises(ConfigError, "rated.csv"):
        work_of(["psnr"], table, output=output)
    seen: list[int] = []
    (after,) = scored(work_of(["psnr"], table, output=output, resume=True), lambda done, total: seen.append(done))
    assert path.read_bytes() == whole
    assert after.rows["psnr"] == before.rows["psnr"]
    assert seen[0] == 4  # three were there


def test_other_models_do_not_continue_a_file(table: OpinionTable, tmp_path: Path):
    scored(work_of(["psnr"], table, output=tmp_path))
    with raises(ConfigError, 1, "rated.csv", "images/r0_blur_1.png"):
        work_of(["ssim"], table, output=tmp_path, resume=True)
    scored(work_of(["ssim"], table, output=tmp_path, overwrite=True))
    assert "ssim" in (tmp_path / "scores" / "rated.csv").read_text()


def test_options_reach_the_models_and_strays_are_refused(table: OpinionTable):
    (in_grey,) = scored(work_of(["psnr"], table, model_options={"psnr": {"channel": "luma"}}))
    (in_colour,) = scored(work_of(["psnr"], table))
    assert in_grey.rows["psnr"] != in_colour.rows["psnr"]
    with raises(ConfigError, "psnr", "ssim"):
        work_of(["psnr"], table, model_options={"ssim": {}})
    with raises(UnknownNameError, "psrn", "psnr"):
        work_of(["psrn"], table)


def test_a_protocol_may_look_at_a_part_of_the_score(table: OpinionTable):
    tid = again(table, "tid2013")
    stage = work_of([Distance("afine")], tid, protocol="afine-stage3", part="all")
    assert stage.data[0].better == {"afine": "lower"}
    (data,) = scored(stage)
    assert all("adaptive" in str(row.error) for row in data.rows["afine"].values())
    with raises(ConfigError, "adaptive", "afine-stage3", "psnr"):
        work_of(["psnr"], tid, protocol="afine-stage3", part="all")


def test_a_model_of_the_callers_own_has_its_own_direction(table: OpinionTable, tmp_path: Path):
    (data,) = scored(work_of([Distance("mine"), "psnr"], table, output=tmp_path))
    assert data.better == {"mine": "lower", "psnr": "higher"}
    assert len(data.rows["mine"]) == 8


def test_any_name_of_a_data_set_makes_a_file(table: OpinionTable, tmp_path: Path):
    scored(work_of(["psnr"], again(table, "../up/a:b"), output=tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out/scores").glob("*.csv")] == ["_up_a_b.csv"]


def test_without_models_nothing_is_scored(table: OpinionTable, tmp_path: Path):
    lines = [f"{row.image},{row.mos}" for row in table]
    (tmp_path / "s.csv").write_text("\n".join(["image,psnr", *lines]) + "\n")
    work = work_of([], table, scores=[tmp_path / "s.csv"])
    before = {name: dict(rows) for name, rows in work.data[0].rows.items()}
    assert (work.names, work.report(), scored(work)[0].rows) == (["psnr"], [], before)


def test_the_weights_of_loaded_models_reach_the_protocol(table: OpinionTable):
    work = work_of(["psnr"], again(table, "tid2013"), protocol="cross-dataset")
    scored(work)
    assert measure(work).evaluations[0].protocol_results["trained_on"] == 0
