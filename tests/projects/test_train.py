"""``python -m projects.afine_tiny.train``: the stages of afine-tiny by the package's trainer."""

import json

import pytest

from projects.afine_tiny.recipes import RECIPES
from projects.afine_tiny.train import main


def test_without_words_the_stages_are_listed(capsys: pytest.CaptureFixture[str]):
    main([])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_every_stage_takes_the_options_of_acutance_train(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main([name, "--set", "loop.seed=7", "--show"])
    assert left.value.code == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["recipe"], shown["loop"]["seed"]) == (f"afine-tiny-{name}", 7)
    assert shown["task"] == RECIPES[name].config().task.model_dump(mode="json")
