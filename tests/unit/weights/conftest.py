from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from acutance.weights.record import CheckpointRecord
from tests.fakes.hub import Hub, running_hub


@pytest.fixture
def record() -> CheckpointRecord:
    return CheckpointRecord(
        name="tiny",
        title="Tiny",
        repository="someone/weights",
        filename="tiny.pth",
        size_bytes=1_000_000,
        licence="Apache-2.0, commercial use: yes.",
        paper="Nobody, 2025",
    )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache, small chunks, and no settings of the machine."""
    folder = tmp_path / "hf" / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65536)
    for name in ("ACUTANCE_WEIGHTS", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub(Hub(content=bytes(range(256)) * 4096)) as running:
        yield running
