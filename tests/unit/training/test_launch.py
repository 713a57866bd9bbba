"""What the environment says of the processes that train together."""

import pytest

from acutance.errors import ConfigError
from acutance.training.config import LoopConfig
from acutance.training.launch import Launch, is_first, is_first_here, launch_of
from acutance.training.processes import checked_device, spread_over
from tests.raising import raises

SECOND = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "MASTER_ADDR": "node0",
    "MASTER_PORT": "29500",
}
"""The second process of the second of two machines."""


def test_torchrun_s_variables_say_which_process_this_is():
    assert launch_of(SECOND) == Launch(
        rank=5, world_size=8, local_rank=1, local_world_size=4, address="node0", port=29500
    )


def test_a_process_that_nobody_started_with_others_is_alone():
    assert launch_of({}) is None
    assert launch_of({"WORLD_SIZE": "1", "MASTER_ADDR": "node0"}) is None


def test_processes_that_the_command_itself_starts_are_not_torchrun_s():
    assert launch_of({"NODE_RANK": "0", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}) is None


def test_one_process_needs_no_meeting_place():
    assert launch_of({"RANK": "0", "WORLD_SIZE": "1"}) == Launch()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"WORLD_SIZE": None}, ("WORLD_SIZE", "RANK=5")),
        ({"RANK": None}, ("RANK", "WORLD_SIZE=8")),
        ({"LOCAL_RANK": None}, ("LOCAL_RANK",)),
        ({"MASTER_ADDR": ""}, ("MASTER_ADDR",)),
        ({"MASTER_PORT": None}, ("MASTER_PORT",)),
        ({"RANK": "8"}, ("RANK", "0 to 7", "WORLD_SIZE=8", "'8'")),
        ({"RANK": "-1"}, ("RANK", "'-1'")),
        ({"WORLD_SIZE": "0"}, ("WORLD_SIZE", "'0'")),
        ({"WORLD_SIZE": "two"}, ("WORLD_SIZE", "'two'")),
        ({"LOCAL_RANK": "4"}, ("LOCAL_RANK", "0 to 3", "'4'")),
        ({"LOCAL_WORLD_SIZE": "9"}, ("LOCAL_WORLD_SIZE", "1 to 8", "'9'")),
        ({"MASTER_PORT": "70000"}, ("MASTER_PORT", "'70000'")),
    ],
)
def test_an_environment_that_cannot_be_is_told_by_its_variable(
    changes: dict[str, str | None], expected: tuple[str, ...]
):
    environment = {name: value for name, value in {**SECOND, **changes}.items() if value is not None}
    with raises(ConfigError, *expected, "torchrun"):
        launch_of(environment)


@pytest.mark.parametrize(
    ("rank", "local_rank", "tells"),
    [("0", "0", (True, True)), ("1", "1", (False, False)), ("4", "0", (False, True)), (None, "1", (False, False))],
)
def test_one_process_tells_and_one_on_each_machine_tells_what_stopped_it(
    monkeypatch: pytest.MonkeyPatch, rank: str | None, local_rank: str, tells: tuple[bool, bool]
):
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("LOCAL_RANK", local_rank)
    assert (is_first(), is_first_here()) == tells


def test_a_batch_is_shared_by_all_processes_that_were_started():
    launch, loop = launch_of(SECOND), LoopConfig(epochs=1, batch_size=32)
    assert spread_over(loop, launch).processes == 8
    assert spread_over(LoopConfig(epochs=1, batch_size=32, processes=8), launch).processes == 8
    assert spread_over(loop, None) is loop


def test_another_number_of_processes_than_was_started_is_refused():
    with raises(ConfigError, "loop.processes=8", 2, "WORLD_SIZE"):
        spread_over(LoopConfig(epochs=1, batch_size=32, processes=2), launch_of(SECOND))
    with raises(ConfigError, "loop.batch_size", "loop.accumulate=2", 8, 24):
        spread_over(LoopConfig(epochs=1, batch_size=24, accumulate=2), launch_of(SECOND))


def test_a_machine_with_too_few_gpus_is_told_of_torchrun_s_option(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with raises(ConfigError, 1, 2, "--nproc-per-node", "loop.device=cpu"):
        checked_device(LoopConfig(epochs=1, batch_size=8, processes=8), launch_of(SECOND))
    with raises(ConfigError, 1, 2, "loop.processes"):
        checked_device(LoopConfig(epochs=1, batch_size=8, processes=2), None)


@pytest.mark.parametrize("name", ["RANK", "LOCAL_RANK", "SLURM_PROCID"])
def test_a_rank_that_is_no_number_is_named(name: str):
    with raises(ConfigError, name, "one"):
        launch_of({name: "one", "WORLD_SIZE": "1"})
