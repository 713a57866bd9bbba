import hashlib
from pathlib import Path

from acutance.weights.download import sha256_in_cache, sha256_of


def test_the_digest_is_that_of_hashlib(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_progress_ends_at_the_size_and_changes_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    seen: list[tuple[int, int]] = []
    assert sha256_of(path, lambda done, total: seen.append((done, total))) == sha256_of(path)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (1_000_000, 1_000_000)


def test_an_empty_file_has_the_digest_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert sha256_of(tmp_path / "file") == hashlib.sha256().hexdigest()


def test_a_link_to_a_blob_named_by_digest_tells_the_digest(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(Path("..", "..", "blobs", "ab" * 32))
    assert sha256_in_cache(link) == "ab" * 32


def test_a_link_to_a_blob_named_by_git_tells_nothing(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(Path("..", "..", "blobs", "ab" * 20))
    assert sha256_in_cache(link) is None


def test_an_ordinary_file_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert sha256_in_cache(tmp_path / "file") is None
