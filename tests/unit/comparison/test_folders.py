from pathlib import Path

import pytest

from acutance.comparison.methods import MethodPlan, match_methods, named_folders
from acutance.errors import ConfigError, InputError, PairingError
from tests.raising import raises
from tests.unit.scoring.fakes import write_images


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two methods and the references of their images a.png and b.png."""
    monkeypatch.chdir(tmp_path)
    for folder in ("swinir", "ours", "truth"):
        write_images(tmp_path / folder, "a.png", "b.png")
    return tmp_path


def images(plan: MethodPlan) -> list[tuple[str, list[str], str | None]]:
    return [
        (one.name, [image.name for image in one.images.values()], one.reference.name if one.reference else None)
        for one in plan.images
    ]


def test_a_method_is_called_as_its_folder_or_as_told(here: Path):
    assert named_folders(["out/swinir/", "ours=v7", Path("a=b")]) == {
        "swinir": Path("out/swinir"),
        "ours": Path("v7"),
        "a=b": Path("a=b"),
    }
    assert list(named_folders(["."])) == [here.name]
    assert named_folders({"ours": "v7"}) == {"ours": Path("v7")}


def test_a_folder_that_exists_is_not_split_at_its_equals_sign(here: Path):
    (here / "lr=0.1").mkdir()
    assert named_folders(["lr=0.1"]) == {"lr=0.1": Path("lr=0.1")}


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (["a/out", "b/out"], ("out", "a/out", "b/out", "NAME=DIR")),
        (["a=out", "b=out"], ("out", "a", "b")),
        (["=out"], ("NAME=DIR", "=out")),
        (["ours="], ("NAME=DIR", "ours=")),
    ],
)
def test_names_and_folders_must_differ(here: Path, methods: list[str], words: tuple[str, ...]):
    with raises(ConfigError, *words):
        named_folders(methods)


def test_pictures_meet_by_their_path_below_the_folders(here: Path):
    plan = match_methods(named_folders(["swinir", "ours"]), "truth")
    assert images(plan) == [
        ("a.png", ["swinir/a.png", "ours/a.png"], "truth/a.png"),
        ("b.png", ["swinir/b.png", "ours/b.png"], "truth/b.png"),
    ]
    plan.check_usable(allow_unmatched=False)
    assert plan.left_over() == ""


def test_one_reference_serves_all_and_none_is_needed(here: Path):
    folders = named_folders(["swinir", "ours"])
    assert [row[2] for row in images(match_methods(folders, "truth/a.png"))] == ["truth/a.png"] * 2
    assert [row[2] for row in images(match_methods(folders))] == [None, None]


def test_pictures_meet_by_a_regular_expression(here: Path):
    for index, name in enumerate(("swinir", "ours")):
        (here / name / "a.png").rename(here / name / f"a_x{index}.png")
        (here / name / "b.png").rename(here / name / f"b_x{index}.png")
    plan = match_methods(named_folders(["swinir", "ours"]), "truth", pair_by="^([ab])")
    assert images(plan) == [
        ("a", ["swinir/a_x0.png", "ours/a_x1.png"], "truth/a.png"),
        ("b", ["swinir/b_x0.png", "ours/b_x1.png"], "truth/b.png"),
    ]


def test_everything_that_is_left_over_is_told_in_one_line(here: Path):
    (here / "ours/b.png").unlink()
    write_images(here, "swinir/c.png", "ours/c.png", "truth/d.png")
    plan = match_methods(named_folders(["swinir", "ours"]), "truth")
    assert [one.name for one in plan.images] == ["a.png"]
    left_over = (1, "b.png", "ours", 1, "c.png", 1, "truth/d.png")
    with raises(PairingError, *left_over, "--pair-by", "--allow-unmatched") as caught:
        plan.check_usable(allow_unmatched=False)
    told = str(caught.value)
    assert all(part in told for part in ("(b.png not in ours)", "(c.png)", "(truth/d.png)", "--allow-unmatched"))
    plan.check_usable(allow_unmatched=True)
    assert plan.left_out() == ["b.png", "c.png", "truth/d.png"]


def test_other_endings_are_met_by_the_stem_that_the_error_proposes(here: Path):
    for name in ("a", "b"):
        (here / f"ours/{name}.png").rename(here / f"ours/{name}.webp")
    folders = named_folders(["swinir", "ours"])
    with raises(PairingError, 2, 2) as caught:
        match_methods(folders, "truth").check_usable(allow_unmatched=False)
    assert caught.value.pair_by == "stem"
    assert len(match_methods(folders, "truth", pair_by="stem").images) == 2


def test_names_that_methods_add_to_are_met_by_the_expression_that_the_error_proposes(here: Path):
    for method, added in (("swinir", "_swinir_x4"), ("ours", "-ours")):
        for name in ("a", "b"):
            (here / f"{method}/{name}.png").rename(here / f"{method}/{name}{added}.png")
    folders = named_folders(["swinir", "ours"])
    with raises(PairingError, 2, 2) as caught:
        match_methods(folders, "truth").check_usable(allow_unmatched=True)
    plan = match_methods(folders, "truth", pair_by=caught.value.pair_by or "")
    assert images(plan) == [
        ("a", ["swinir/a_swinir_x4.png", "ours/a-ours.png"], "truth/a.png"),
        ("b", ["swinir/b_swinir_x4.png", "ours/b-ours.png"], "truth/b.png"),
    ]


def test_files_in_which_the_expression_finds_nothing_are_left_over(here: Path):
    plan = match_methods(named_folders(["swinir", "ours"]), pair_by="^(a)")
    assert plan.left_over() == "2 files without a name by the regular expression (swinir/b.png, ours/b.png)"


def test_no_common_picture_is_an_error_even_if_unmatched_ones_are_allowed(here: Path):
    write_images(here, "theirs/z.png")
    plan = match_methods(named_folders(["swinir", "theirs"]))
    with raises(PairingError, 3, "a.png", "theirs"):
        plan.check_usable(allow_unmatched=True)


def test_two_pictures_of_one_name_are_an_error(here: Path):
    write_images(here, "ours/deep/a.png")
    with raises(PairingError, "ours", "a", "stem", "ours/a.png", "ours/deep/a.png"):
        match_methods(named_folders(["swinir", "ours"]), pair_by="stem")


@pytest.mark.parametrize(("place", "got"), [("absent", "nothing there"), ("ours/a.png", "a file")])
def test_a_method_is_a_folder(here: Path, place: str, got: str):
    with raises(InputError, "x", place):
        match_methods({"x": Path(place)})
