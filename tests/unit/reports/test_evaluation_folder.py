from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.evaluation.results import EvaluationRun, Group
from acutance.reports.plots.evaluation import write_plots
from tests.raising import raises
from tests.unit.evaluation.runs import agreement_like, evaluation_like, run_like


def names_of(run: EvaluationRun, folder: Path) -> list[str]:
    written = write_plots(run, folder)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    assert sorted(written) == sorted(folder.iterdir())
    return [path.name for path in written]


@pytest.mark.slow
def test_what_fits_the_run_is_drawn(tmp_path: Path):
    large, small = ([Group(name="1", agreement=agreement_like(count=count))] for count in (3, 2))
    assert names_of(run_like(evaluation_like(groups={"level": large})), tmp_path / "one") == [
        *("scatter.png", "metrics.png", "level.png"),
    ]
    assert names_of(run_like(evaluation_like(groups={"level": small})), tmp_path / "few") == [
        *("scatter.png", "metrics.png"),
    ]
    bare = [evaluation_like(dataset=name, groups={}) for name in ("one", "two")]
    assert names_of(run_like(*bare), tmp_path / "two") == ["scatter.png", "metrics.png", "matrix.png"]


def test_figures_are_never_replaced_unasked(tmp_path: Path):
    write_plots(run_like(), tmp_path)
    with raises(ConfigError, "scatter.png"):
        write_plots(run_like(), tmp_path)
    assert write_plots(run_like(), tmp_path, overwrite=True)
