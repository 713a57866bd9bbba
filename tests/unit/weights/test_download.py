import hashlib
import inspect
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.weights.download import fetch, find
from acutance.weights.record import CheckpointRecord
from tests.fakes.hub import COMMIT, Hub
from tests.raising import raises

Usage = namedtuple("Usage", "total used free")


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    return text


def blobs(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file() and "blobs" in path.parts]


def test_the_file_of_the_hub_arrives_in_the_cache(record: CheckpointRecord, hub: Hub, cache: Path) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    assert path.read_bytes() == hub.content
    assert cache in path.parents
    assert hub.requests[0].path == "/someone/weights/resolve/main/tiny.pth"


@pytest.mark.skipif(
    "tqdm_class" not in inspect.signature(huggingface_hub.hf_hub_download).parameters,
    reason="this huggingface_hub gives no numbers on the way",
)
def test_progress_only_grows_and_ends_at_the_size(record: CheckpointRecord, hub: Hub) -> None:
    seen: list[tuple[int, int]] = []
    fetch(record, endpoint=hub.endpoint, on_progress=lambda done, total: seen.append((done, total)))
    done = [one for one, _ in seen]
    assert len(done) > 4
    assert done == sorted(done)
    assert {total for _, total in seen} == {len(hub.content)}
    assert done[-1] == len(hub.content)


def test_a_broken_connection_is_taken_up_where_it_broke(record: CheckpointRecord, hub: Hub) -> None:
    hub.break_after = len(hub.content) // 2
    path = fetch(record, endpoint=hub.endpoint)
    assert path.read_bytes() == hub.content
    assert hub.ranges == [None, f"bytes={len(hub.content) // 2}-"]


def test_a_connection_that_huggingface_hub_gives_up_on_is_tried_again(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = huggingface_hub.hf_hub_download
    broken = [ConnectionResetError(104, "Connection reset by peer")] * 2

    def unlucky(*names: Any, **options: Any) -> str:
        if broken:
            raise broken.pop()
        return str(real(*names, **options))

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unlucky)
    assert fetch(record, endpoint=hub.endpoint).read_bytes() == hub.content


def test_a_connection_that_keeps_breaking_is_one_line(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlucky(*_: Any, **__: Any) -> str:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unlucky)
    with raises(MissingWeightsError, "tiny.pth", "ConnectionResetError", "acutance weights fetch tiny") as got:
        fetch(record, endpoint=hub.endpoint)
    one_line(got.value)


def test_progress_does_not_go_back_after_a_broken_connection(record: CheckpointRecord, hub: Hub) -> None:
    hub.break_after = len(hub.content) // 2
    seen: list[int] = []
    fetch(record, endpoint=hub.endpoint, on_progress=lambda done, total: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == len(hub.content)


def test_nothing_is_printed_and_no_warning_logged(
    record: CheckpointRecord, hub: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.break_after = 200_000
    fetch(record, endpoint=hub.endpoint)
    assert capfd.readouterr() == ("", "")


def test_the_hubs_log_level_is_put_back(record: CheckpointRecord, hub: Hub) -> None:
    before = logging.getLogger("huggingface_hub").level
    fetch(record, endpoint=hub.endpoint)
    assert logging.getLogger("huggingface_hub").level == before


def test_a_body_with_another_sha256_is_refused_and_removed(record: CheckpointRecord, hub: Hub, cache: Path) -> None:
    hub.etag = "ab" * 32
    with raises(CheckpointError, "ab" * 32, "acutance weights fetch tiny") as got:
        fetch(record, endpoint=hub.endpoint)
    one_line(got.value)
    assert blobs(cache) == []
    assert find(record) is None


def test_a_file_that_is_not_the_records_is_refused_and_removed(record: CheckpointRecord, hub: Hub, cache: Path) -> None:
    with raises(CheckpointError, "tiny.pth", "someone/weights", "cd" * 32):
        fetch(replace(record, sha256="cd" * 32), endpoint=hub.endpoint)
    assert blobs(cache) == []


def test_the_records_sha256_is_accepted(record: CheckpointRecord, hub: Hub) -> None:
    digest = hashlib.sha256(hub.content).hexdigest()
    assert fetch(replace(record, sha256=digest), endpoint=hub.endpoint).is_file()


def test_the_records_sha256_is_checked_where_the_hub_states_none(
    record: CheckpointRecord, hub: Hub, cache: Path
) -> None:
    hub.etag = "ab" * 20  # a small file's etag is a git hash
    with raises(CheckpointError, "cd" * 32):
        fetch(replace(record, sha256="cd" * 32), endpoint=hub.endpoint)
    assert blobs(cache) == []


def test_a_cached_file_is_found_offline_without_a_request(record: CheckpointRecord, hub: Hub) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    hub.requests.clear()
    assert fetch(record, offline=True, endpoint=hub.endpoint) == path
    assert hub.requests == []


def test_a_cached_file_is_not_asked_for_again(record: CheckpointRecord, hub: Hub) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    hub.requests.clear()
    assert fetch(record, endpoint=hub.endpoint) == path
    assert hub.requests == []


def test_offline_without_a_file_says_in_one_line_what_to_do(record: CheckpointRecord, hub: Hub) -> None:
    cures = ("acutance weights fetch tiny", "ACUTANCE_WEIGHTS", "--weights")
    with raises(MissingWeightsError, "tiny.pth", "1 MB", "someone/weights", *cures) as got:
        fetch(record, offline=True, endpoint=hub.endpoint)
    one_line(got.value)
    assert hub.requests == []


@pytest.mark.parametrize("value", ["1", "true"])
def test_the_environment_switches_the_network_off(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with raises(MissingWeightsError, "tiny.pth", "offline", "acutance weights fetch tiny"):
        fetch(record, endpoint=hub.endpoint)
    assert hub.requests == []


def test_a_file_in_a_folder_of_ones_own_wins_over_the_cache(
    record: CheckpointRecord, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(record, endpoint=hub.endpoint)
    (tmp_path / "tiny.pth").write_bytes(b"mine")
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    assert fetch(record) == tmp_path / "tiny.pth"


def test_a_folder_of_ones_own_may_hold_converted_weights(
    record: CheckpointRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.safetensors").write_bytes(b"mine")
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    assert find(record) == tmp_path / "tiny.safetensors"


def test_the_cache_is_used_where_the_folder_of_ones_own_lacks_the_file(
    record: CheckpointRecord, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    assert find(record) == path


def test_a_folder_of_ones_own_that_is_not_there_is_an_error(
    record: CheckpointRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path / "nowhere"))
    with raises(ConfigError, "ACUTANCE_WEIGHTS", "nowhere"):
        find(record)


def test_a_file_of_an_older_commit_is_found_when_the_cache_has_moved_on(
    record: CheckpointRecord, hub: Hub, cache: Path
) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    repository = cache / "models--someone--weights"
    newer = COMMIT[::-1]
    (repository / "snapshots" / newer).mkdir()
    (repository / "refs" / "main").write_text(newer)
    assert find(record) == path


@pytest.mark.parametrize(
    ("status", "cure"),
    [
        (404, "acutance"),
        (403, "hf auth login"),
        (503, "HF_ENDPOINT"),
    ],
)
def test_a_refusal_of_the_hub_names_status_and_cure(record: CheckpointRecord, hub: Hub, status: int, cure: str) -> None:
    hub.status = status
    with raises(MissingWeightsError, "tiny.pth", status, cure) as got:
        fetch(record, endpoint=hub.endpoint)
    assert "someone/weights" in one_line(got.value)


def test_a_hub_nobody_answers_for_is_one_line(record: CheckpointRecord) -> None:
    with raises(MissingWeightsError, "tiny.pth", "refused", "HF_ENDPOINT") as got:
        fetch(record, endpoint="http://127.0.0.1:9")
    one_line(got.value)


def test_a_hub_that_is_silent_for_too_long_is_one_line(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.silent = threading.Event()
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.2)
    with raises(MissingWeightsError, "tiny.pth", "HF_ENDPOINT") as got:
        fetch(record, endpoint=hub.endpoint)
    assert "Timeout" in one_line(got.value)


def test_too_little_disk_space_is_said_before_the_download(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 9, 12_000))
    with raises(MissingWeightsError, "12 kB", "hub", "HF_HOME") as got:
        fetch(record, endpoint=hub.endpoint)
    assert "HF_ENDPOINT" not in one_line(got.value)
    assert hub.ranges == []


def test_a_disk_that_fills_up_on_the_way_is_one_line(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", full)
    with raises(MissingWeightsError, "tiny.pth", "HF_HOME"):
        fetch(record, endpoint=hub.endpoint)


def test_a_huggingface_hub_without_progress_classes_gives_the_two_ends(
    record: CheckpointRecord, hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = huggingface_hub.hf_hub_download

    def old(repo_id: str, filename: str, *, endpoint: str | None = None) -> str:
        return real(repo_id, filename, endpoint=endpoint)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", old)
    seen: list[tuple[int, int]] = []
    fetch(record, endpoint=hub.endpoint, on_progress=lambda done, total: seen.append((done, total)))
    size = len(hub.content)
    assert seen == [(0, size), (size, size)]
    assert capfd.readouterr() == ("", "")


def test_hf_home_chooses_the_cache_in_a_process_of_its_own(hub: Hub, tmp_path: Path) -> None:
    code = (
        "from acutance.weights import download, record\n"
        "one = record.CheckpointRecord(name='tiny', title='', repository='someone/weights',"
        " filename='tiny.pth', licence='', paper='')\n"
        f"print(download.fetch(one, endpoint={hub.endpoint!r}))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ACUTANCE"))}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"HF_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith(str(tmp_path / "home" / "hub"))
    assert run.stderr == ""


def test_a_file_in_no_repository_says_how_to_come_by_it(record: CheckpointRecord) -> None:
    elsewhere = replace(record, repository=None, origin="Download it from the authors' page")
    with raises(MissingWeightsError, "tiny.pth", "1 MB", elsewhere.origin, "ACUTANCE_WEIGHTS", "--weights") as caught:
        fetch(elsewhere)
    assert "weights fetch" not in one_line(caught.value)


def test_a_trunk_has_a_name_of_its_own_in_the_folder_of_weights(
    record: CheckpointRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = replace(record, filename="model.safetensors", local_name="trunk.a1.safetensors", is_backbone=True)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    (tmp_path / "model.safetensors").touch()
    cures = ("acutance weights fetch tiny", "ACUTANCE_WEIGHTS", "trunk.a1.safetensors")
    with raises(MissingWeightsError, "model.safetensors", "1 MB", "someone/weights", "offline", *cures) as caught:
        fetch(backbone, offline=True)
    one_line(caught.value)
    (tmp_path / "trunk.a1.safetensors").touch()
    assert find(backbone) == tmp_path / "trunk.a1.safetensors"
