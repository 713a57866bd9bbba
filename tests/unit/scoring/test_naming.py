import pytest

from acutance.scoring.naming import naming_rule, propose_rule

LAYOUTS = {
    "a suffix": (["cat_x4.png", "dog_x4.png"], ["cat.png", "dog.png"]),
    "a suffix without a sign": (["0001x4.png", "0002x4.png"], ["0001.png", "0002.png"]),
    "a suffix on both sides": (["cat_sr.png", "dog_sr.png"], ["cat_gt.png", "dog_gt.png"]),
    "a suffix after words": (["my_cat_x4.png", "my_dog_x4.png"], ["my_cat.png", "my_dog.png"]),
    "a suffix after a hyphen": (["a-cat-fake.png", "a-dog-fake.png"], ["a-cat.jpg", "a-dog.jpg"]),
    "a suffix after a dot": (["cat.x4.png", "dog.x4.png"], ["cat.png", "dog.png"]),
    "a suffix after a space": (["cat out.png", "dog out.png"], ["cat.png", "dog.png"]),
    "a capital suffix": (["bigCatSR.png", "bigDogSR.png"], ["bigCat.png", "bigDog.png"]),
    "a prefix": (["fake_cat.png", "fake_dog.png"], ["cat.png", "dog.png"]),
    "a prefix and a suffix": (["sr_my_cat_x4.png", "sr_my_dog_x4.png"], ["my_cat.png", "my_dog.png"]),
    "different suffixes": (["my_cat_jpeg10.png", "my_dog_blur.png"], ["my_cat.png", "my_dog.png"]),
    "numbers in words": (["frame_0001.png", "frame_0002.png"], ["0001_gt_hd.png", "0002_gt_hd.png"]),
    "folders": (["day/cat_x4.png", "night/cat_x4.png"], ["day/cat.png", "night/cat.png"]),
    "folders on one side": (["X4/my_cat_x4.png", "X4/my_dog_x4.png"], ["my_cat.png", "my_dog.png"]),
    "folders and a prefix": (["x/sr_my_cat.png", "x/sr_my_dog.png"], ["y/my_cat.png", "y/my_dog.png"]),
    "one image": (["cat_x4.png"], ["cat.png", "dog.png"]),
    "another ending": (["cat.jpg", "dog.jpg"], ["cat.png", "dog.png"]),
    "another folder": (["a/cat.png", "a/dog.png"], ["cat.png", "dog.png"]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rule_is_proposed_that_pairs_each_picture_with_its_own_reference(layout: str):
    images, references = LAYOUTS[layout]
    proposal = propose_rule([images, references], matched=0, first_repeats=True)
    assert proposal is not None
    assert (proposal.count, proposal.total) == (len(images), len(images))
    key = naming_rule(proposal.pair_by)
    assert [key(name) for name in images] == [key(name) for name in references[: len(images)]]
    assert len({key(name) for name in references}) == len(references)


def test_many_different_numbers_in_suffixes_are_one_pattern():
    images = [f"my_{name}_q{quality}.png" for name in ("cat", "dog") for quality in range(5, 100, 5)]
    proposal = propose_rule([images, ["my_cat.png", "my_dog.png"]], matched=0, first_repeats=True)
    assert proposal is not None
    assert proposal.count == 38
    assert len(proposal.pair_by) < 40


def test_methods_that_add_their_names_meet_without_references():
    folders = [["my_cat_swinir.png", "my_dog_swinir.png"], ["my_cat_ours.png", "my_dog_ours.png"]]
    proposal = propose_rule(folders, matched=0)
    assert proposal is not None
    key = naming_rule(proposal.pair_by)
    first, second = [[key(name) for name in names] for names in folders]
    assert first == second
    assert len(set(first)) == 2


@pytest.mark.parametrize(
    ("images", "references"),
    [
        (["cat.png", "dog.png"], ["house.png", "tree.png"]),
        (["cats.png", "dogs.png"], ["cat.png", "dog.png"]),
        (["00010.png", "00020.png"], ["0001.png", "0002.png"]),
        (["img_a.png", "img_b.png"], ["img_c.png", "img_d.png"]),
        (["cat_x4.png", "dog_x4.png"], ["house_4.png", "tree_4.png"]),
        (["cat_x4.png", "a.png", "b.png", "c.png"], ["cat.png", "d.png", "e.png", "f.png"]),
    ],
)
def test_no_rule_is_proposed_where_names_share_nothing_that_tells_them_apart(images: list[str], references: list[str]):
    assert propose_rule([images, references], matched=0, first_repeats=True) is None


def test_no_expression_is_proposed_where_some_names_meet_already():
    assert propose_rule([["a.png", "b_x4.png"], ["a.png", "b.png"]], matched=1, first_repeats=True) is None


def test_a_proposal_may_leave_a_few_names_out():
    images = ["my_cat_x4.png", "my_dog_x4.png", "my_bird_x4.png", "readme_picture.png"]
    proposal = propose_rule([images, ["my_cat.png", "my_dog.png", "my_bird.png"]], matched=0, first_repeats=True)
    assert proposal is not None
    assert (proposal.count, proposal.total) == (3, 4)


def test_a_rule_for_a_thousand_pictures_is_found_at_once():
    images = [f"scene_{number:05}_sr.png" for number in range(1000)]
    references = [f"scene_{number:05}.png" for number in range(1000)]
    proposal = propose_rule([images, references], matched=0, first_repeats=True)
    assert proposal is not None
    assert proposal.count == 1000
