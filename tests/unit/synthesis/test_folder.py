import json
from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.synthesis.folder import OutputFolder
from acutance.synthesis.plan import Source
from tests.raising import raises

SOURCES = [Source(Path("photos/a, b.png"), "a_ b")]
DESCRIBED = {"seed": 0, "versions": {"numpy": "2"}}


@pytest.fixture
def folder(tmp_path: Path) -> OutputFolder:
    """A folder of a run that has begun."""
    begun = OutputFolder(tmp_path / "out")
    begun.begin(DESCRIBED, SOURCES)
    return begun


def test_a_run_writes_down_what_it_depends_on_and_its_sources(folder: OutputFolder):
    assert json.loads(folder.provenance.read_text()) == {"made_by": "acutance", **DESCRIBED}
    assert folder.sources.read_text() == 'name,path\na_ b,"photos/a, b.png"\n'
    folder.check_same(DESCRIBED)


@pytest.mark.parametrize("asked", [{}, {"resume": True}, {"overwrite": True}], ids=str)
def test_an_absent_or_empty_folder_may_be_written_to(tmp_path: Path, asked: dict[str, bool]):
    flags = {"resume": False, "overwrite": False} | asked
    OutputFolder(tmp_path / "new").check_writable(**flags)
    OutputFolder(tmp_path).check_writable(**flags)


def test_what_a_kill_before_the_first_picture_leaves_counts_as_empty(folder: OutputFolder):
    killed = OutputFolder(folder.root.parent / "killed")
    killed.root.mkdir()
    folder.provenance.rename(killed.root / "provenance.json.7.tmp")
    killed.check_writable(resume=False, overwrite=False)


def test_a_begun_folder_is_touched_only_when_asked_to(folder: OutputFolder):
    folder.check_writable(resume=True, overwrite=False)
    folder.check_writable(resume=False, overwrite=True)
    with raises(ConfigError, "out", "--resume", "--overwrite"):
        folder.check_writable(resume=False, overwrite=False)
    with raises(ConfigError, "--resume", "--overwrite"):
        folder.check_writable(resume=True, overwrite=True)


@pytest.mark.parametrize("name", ["notes.txt", "images/holiday.jpg", "sources.csv", "notes.tmp"])
def test_a_folder_of_somebody_elses_is_never_touched(tmp_path: Path, name: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with raises(ConfigError, tmp_path):
        OutputFolder(tmp_path).check_writable(resume=False, overwrite=False)
    for resume, overwrite in ((True, False), (False, True)):
        with raises(ConfigError, tmp_path, "provenance.json"):
            OutputFolder(tmp_path).check_writable(resume=resume, overwrite=overwrite)


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "out").write_text("")
    with raises(ConfigError, "out"):
        OutputFolder(tmp_path / "out").check_writable(resume=False, overwrite=True)


def test_the_first_difference_to_the_run_before_is_named(folder: OutputFolder):
    with raises(ConfigError, "seed", 0, 1):
        folder.check_same({**DESCRIBED, "seed": 1})


def test_clearing_leaves_what_the_run_did_not_write(folder: OutputFolder):
    ours = ("images/a_ b_10_01.bmp", "images/a_ b_mixture_01.png", "images/0000001_mixture.png", "references/a_ b.png")
    others = ("notes.txt", "notes.tmp", "images/mine.txt", "images/c_10_01.png", "images/a_ b.png", "references/c.png")
    for name in (*ours, "rows.jsonl", "table.csv.7.tmp", *others):
        (folder.root / name).write_text("")
    folder.clear([])
    assert {str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if path.is_file()} == set(others)


def test_clearing_leaves_no_folder_of_ours(folder: OutputFolder):
    (folder.images / "a_ b_10_01.png").write_text("")
    folder.clear([])
    assert list(folder.root.iterdir()) == []


def test_clearing_removes_references_that_another_picture_would_be_taken_for(folder: OutputFolder):
    (folder.references / "c.png").write_text("")
    folder.clear([Source(Path("photos/c.png"), "c")])
    assert not folder.references.exists()


def test_a_file_that_cannot_be_removed_is_named(folder: OutputFolder):
    folder.rows.mkdir()
    with raises(ConfigError, "out"):
        folder.clear([])


def test_the_folder_is_ours_before_anything_else_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    begun = OutputFolder(tmp_path)
    monkeypatch.setattr(OutputFolder, "prepare", lambda *_: None)
    begun.begin(DESCRIBED, SOURCES)
    assert [path.name for path in tmp_path.iterdir()] == ["provenance.json"]


def test_unfinished_files_are_removed(folder: OutputFolder):
    for path in (folder.images / "a_ b_10_01.png.7.tmp", folder.references / "a_ b.png.7.tmp"):
        path.write_text("")
    for name in ("scores.csv.7.tmp", "table.csv.tmp"):
        (folder.root / name).write_text("")
    folder.remove_unfinished()
    assert [path for path in folder.root.rglob("*") if path.suffix == ".tmp"] == []


def test_temporary_files_of_somebody_elses_stay(folder: OutputFolder):
    others = {folder.root / "notes.tmp", folder.root / "notes.7.tmp", folder.images / "mine.png.7.tmp"}
    others |= {folder.images / "a_ b_10_01.png.tmp", folder.references / "c.png.7.tmp"}
    for path in others:
        path.write_text("")
    folder.remove_unfinished()
    assert all(path.exists() for path in others)


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with raises(ConfigError, "out"):
        OutputFolder(tmp_path / "file" / "out").begin(DESCRIBED, SOURCES)
