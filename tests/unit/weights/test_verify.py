import hashlib
from dataclasses import replace
from pathlib import Path

import torch

from acutance.errors import MissingWeightsError
from acutance.weights.download import fetch, verify
from acutance.weights.record import CheckpointRecord
from acutance.weights.store import save
from tests.fakes.hub import Hub
from tests.raising import raises


def test_a_file_is_compared_with_the_records_digest(record: CheckpointRecord, tmp_path: Path) -> None:
    path = tmp_path / "tiny.pth"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    good = verify(replace(record, sha256=digest), path)
    assert (good.path, good.sha256, good.expected, good.ok) == (path, digest, digest, True)
    assert not verify(replace(record, sha256="ab" * 32), path).ok


def test_a_file_nobody_stated_a_digest_of_is_not_called_wrong(record: CheckpointRecord, tmp_path: Path) -> None:
    path = tmp_path / "tiny.pth"
    path.write_bytes(b"weights")
    result = verify(record, path)
    assert (result.expected, result.ok) == (None, True)


def test_a_cached_file_is_compared_with_the_hubs_digest(record: CheckpointRecord, hub: Hub) -> None:
    path = fetch(record, endpoint=hub.endpoint)
    assert verify(record).expected == hashlib.sha256(hub.content).hexdigest()
    path.resolve().write_bytes(b"rotten")
    assert not verify(record).ok


def test_weights_that_are_nowhere_are_named(record: CheckpointRecord) -> None:
    with raises(MissingWeightsError, "tiny.pth", "acutance weights fetch tiny"):
        verify(record)


def test_a_path_that_is_not_there_is_named(record: CheckpointRecord, tmp_path: Path) -> None:
    with raises(MissingWeightsError, "nowhere"):
        verify(record, tmp_path / "nowhere")


def test_a_file_nobody_stated_a_digest_of_is_compared_with_its_first_use(
    record: CheckpointRecord, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.pth"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    first = verify(record, path)
    assert (first.noted, first.at_first_use) == (tmp_path / "tiny.pth.sha256", False)
    assert (tmp_path / "tiny.pth.sha256").read_text() == f"{digest}  tiny.pth\n"  # as sha256sum reads it
    again = verify(record, path)
    assert (again.ok, again.expected, again.at_first_use, again.noted) == (True, digest, True, None)
    path.write_bytes(b"others")
    assert (changed := verify(record, path)).expected == digest
    assert not changed.ok


def test_files_that_users_make_or_that_come_with_the_package_are_not_noted(
    record: CheckpointRecord, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.pth"
    path.write_bytes(b"weights")
    for other in (replace(record, published=False), replace(record, packaged=True)):
        assert verify(other, path).noted is None
    assert not (tmp_path / "tiny.pth.sha256").exists()


def test_what_was_converted_here_is_not_noted(record: CheckpointRecord, tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors", {"a": torch.zeros(1)}, model="tiny", config={}, source_sha256=None)
    assert verify(record, tmp_path / "tiny.safetensors").noted is None


def test_a_folder_that_cannot_be_written_to_changes_nothing(record: CheckpointRecord, tmp_path: Path) -> None:
    path = tmp_path / "tiny.pth"
    path.write_bytes(b"weights")
    (tmp_path / "tiny.pth.sha256").mkdir()
    result = verify(record, path)
    assert (result.ok, result.noted) == (True, None)
