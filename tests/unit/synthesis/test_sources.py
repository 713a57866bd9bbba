from pathlib import Path

from acutance.errors import ConfigError, ImageReadError, InputError
from acutance.synthesis.plan import LONGEST_NAME, check_outside, check_unchanged, find_sources
from tests.raising import raises


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_folders_are_walked_in_order(tmp_path: Path):
    touch(tmp_path, "b.png", "a.jpg", "deep/c.png", "notes.txt")
    assert [source.name for source in find_sources([tmp_path])] == ["a", "b", "c"]


def test_sources_of_one_name_are_told_apart(tmp_path: Path):
    touch(tmp_path, "1/x.png", "2/x.jpg", "3/X.png", "4/x-2.png", "5/x.png")
    names = [source.name for source in find_sources([tmp_path])]
    assert names == ["x", "x-2", "X-3", "x-2-2", "x-4"]
    assert len({name.casefold() for name in names}) == 5


def test_a_source_named_twice_is_taken_once(tmp_path: Path):
    touch(tmp_path, "a.png", "b.png")
    assert [source.name for source in find_sources([tmp_path / "b.png", tmp_path])] == ["b", "a"]


def test_names_become_such_that_every_table_and_disk_can_hold(tmp_path: Path):
    touch(tmp_path, "a,b\n.png", f"{'ö' * 100}.png")
    odd, long = (source.name for source in find_sources([tmp_path]))
    assert odd == "a_b_"
    assert long == "ö" * (LONGEST_NAME // 2)


def test_places_without_pictures_are_refused(tmp_path: Path):
    with raises(InputError, tmp_path):
        find_sources([tmp_path])
    with raises(InputError):
        find_sources([])
    with raises(ImageReadError, "absent.png"):
        find_sources([tmp_path / "absent.png"])


def test_sources_inside_the_output_are_refused(tmp_path: Path):
    touch(tmp_path, "out/references/a.png")
    with raises(ConfigError, "out", "a.png"):
        check_outside(find_sources([tmp_path / "out"], tmp_path / "out"), tmp_path / "out")
    check_outside(find_sources([tmp_path]), tmp_path / "elsewhere")


def test_pictures_below_the_output_are_no_sources_of_the_folder_around_it(tmp_path: Path):
    touch(tmp_path, "a.png", "out/references/a.png", "outer/b.png")
    found = find_sources([tmp_path], tmp_path / "out")
    assert [(source.path, source.name) for source in found] == [
        (tmp_path / "a.png", "a"),
        (tmp_path / "outer/b.png", "b"),
    ]
    (tmp_path / "a.png").unlink()
    (tmp_path / "outer/b.png").unlink()
    with raises(InputError, "out"):
        find_sources([tmp_path], tmp_path / "out")


def test_a_source_changed_after_the_run_began_is_named(tmp_path: Path):
    touch(tmp_path, "a.png")
    sources = find_sources([tmp_path])
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    check_unchanged(sources, changed)
    with raises(ConfigError, "a.png"):
        check_unchanged(sources, changed - 1)
