"""docs/training.md and docs/recipes.md name every recipe and every setting, and their commands are ones."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.training.config import LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.preference_data import PreferenceData
from acutance.training.recipes.catalogue import RECIPES, RecipeEntry
from acutance.training.tasks.afine_stage1 import AFINEStage1Training
from acutance.training.tasks.afine_stage2 import AFINEStage2Training
from acutance.training.tasks.afine_stage3 import AFINEStage3Training
from acutance.training.tasks.afine_tiny_head import AFINETinyHeadTraining
from acutance.training.tasks.afine_tiny_pretrain import AFINETinyPretraining
from acutance.training.tasks.afine_tiny_stage1 import AFINETinyStage1Training
from acutance.training.tasks.afine_tiny_stage2 import AFINETinyStage2Training
from acutance.training.tasks.afine_tiny_stage3 import AFINETinyStage3Training
from acutance.training.tasks.ahiq import AHIQTraining
from acutance.training.tasks.hyperiqa import MSHyperIQATraining
from acutance.training.tasks.vtamiq import VTAMIQTraining
from acutance.training.tasks.vtamiq_patches import PatchDraws
from acutance.training.tasks.vtamiq_preferences import VTAMIQPreferenceTraining
from acutance.training.triplet_data import TripletData, TripletSource
from acutance.training.vtamiq_losses import VTAMIQLossWeights

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/training.md").read_text()
BOTH = PAGE + (ROOT / "docs/recipes.md").read_text()
COMMANDS = re.findall(r"^(?: {4})?(acutance train .*)$", BOTH + (ROOT / "README.md").read_text(), re.MULTILINE)
SETTINGS: tuple[type[BaseModel], ...] = (
    *(LoopConfig, OptimizerConfig, DataConfig, MSHyperIQATraining, AHIQTraining),
    *(AFINEStage1Training, AFINEStage2Training, AFINEStage3Training, TripletData, TripletSource),
    *(VTAMIQTraining, VTAMIQPreferenceTraining, PreferenceData, PatchDraws, VTAMIQLossWeights),
    *(AFINETinyPretraining, AFINETinyStage1Training, AFINETinyHeadTraining),
    *(AFINETinyStage2Training, AFINETinyStage3Training),
)


@pytest.mark.parametrize("entry", RECIPES.values(), ids=lambda entry: entry.name)
def test_every_recipe_has_its_row(entry: RecipeEntry):
    assert f"| `{entry.name}` | {entry.trains} | {entry.data} |" in PAGE


@pytest.mark.parametrize("settings", SETTINGS)
def test_every_setting_is_told(settings: type[BaseModel]):
    told = set(re.findall(r"`(?:[a-z_]+\.)*([a-z0-9_]+)(?:[=\[][^`]*)?`", BOTH))
    assert set(settings.model_fields) - {"model", "data"} <= told


@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if line.split()[2] in RECIPES}))
def test_every_command_that_begins_a_training_can_be_given(command: str):
    words = shlex.split(command, comments=True)[1:]
    result = CliRunner().invoke(app, [*words, "--show"])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["recipe"] == words[1]
    for setting in (word for flag, word in pairwise(words) if flag == "--set"):
        name, _, value = setting.partition("=")
        found = shown
        for part in name.split("."):
            found = found[part]
        assert found == value or found == json.loads(value) or isinstance(found, dict), setting


def test_other_commands_name_a_run_or_nothing():
    others = {line for line in COMMANDS if line.split()[2] not in RECIPES}
    assert {line.split()[2].partition("/")[0] for line in others} <= {"runs", "RUN", "#"}
