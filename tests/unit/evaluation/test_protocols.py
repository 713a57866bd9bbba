from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import acutance
from acutance.catalog import CATALOG, list_records
from acutance.datasets.catalogue import list_datasets, read_dataset
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, UnknownNameError
from acutance.evaluation.measure import EvaluationOptions, Scores
from acutance.evaluation.pairs import pair_lists
from acutance.evaluation.protocols import (
    PROTOCOLS,
    Outcome,
    Prepared,
    find_protocol,
    rows_needed,
)
from acutance.scoring.api import ScoreRows
from tests.fakes.datasets.files import write_lines
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of

STAGES = {"afine-stage1": "raw_naturalness", "afine-stage2": "raw_fidelity", "afine-stage3": "adaptive"}


def test_protocols_are_listed_under_their_own_names():
    assert [protocol.name for protocol in PROTOCOLS.values()] == [*PROTOCOLS]
    assert all(protocol.summary.endswith(".") for protocol in PROTOCOLS.values())
    assert set(STAGES) < set(PROTOCOLS) > {"plain", "pairs", "hyperiqa", "vtamiq", "cross-dataset"}


def test_the_plain_protocol_is_the_default_by_name_too():
    assert find_protocol("default") is find_protocol("plain")


def test_an_unknown_name_offers_the_nearest():
    with raises(UnknownNameError, "afine-stage4"):
        find_protocol("afine-stage4")


@pytest.mark.parametrize("name", STAGES)
def test_stages_of_afine_look_at_the_term_that_each_learns(name: str):
    protocol = find_protocol(name)
    assert (protocol.term, protocol.direction("afine")) == (STAGES[name], "lower")
    assert protocol.term in CATALOG["afine"].term_names


def test_stage_1_can_be_had_of_the_half_without_reference():
    assert find_protocol("afine-stage1").direction("afine-naturalness") == "lower"


def test_other_models_have_no_stages():
    with raises(ConfigError, "adaptive", "afine-stage3", "psnr"):
        find_protocol("afine-stage3").direction("psnr")


def test_other_protocols_look_at_the_score_in_its_own_direction():
    assert (find_protocol("pairs").term, find_protocol("pairs").direction("gmsd")) == ("score", "lower")
    assert (find_protocol("vtamiq").term, find_protocol("vtamiq").direction("psnr")) == ("score", "higher")
    with raises(UnknownNameError, "psnrr", "psnr"):
        find_protocol("plain").direction("psnrr")


def test_the_plain_protocol_needs_every_picture_once_and_adds_nothing():
    table = table_of(rated("a.png"), rated("b.png", None), rated("a.png"))
    prepared = find_protocol("plain").prepare(table, EvaluationOptions(), None)
    assert prepared.needed == [("a.png", None), ("b.png", None)] == rows_needed(table)
    assert prepared.outcome({}, "higher") == Outcome()
    assert find_protocol("plain").conclude([], {}) == []


@pytest.fixture
def sriqa(tmp_path: Path) -> OpinionTable:
    """SRIQA-Bench of one content: the original and the same under more and more noise."""
    draw = np.random.default_rng(0)
    clean = np.kron(draw.uniform(60, 200, (8, 8, 3)), np.ones((8, 8, 1)))
    for place, method in enumerate(("Original", "SwinIRx4", "BSRGANx4", "SUPIRx4")):
        path = tmp_path / "images" / method / f"online15_{method}.png"
        path.parent.mkdir(parents=True)
        noisy = clean + draw.normal(0, 1, clean.shape) * 12 * place
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)
    lines = [
        f"online15_{method}.png,{100 - 25 * i}"
        for i, method in enumerate(("Original", "SwinIRx4", "BSRGANx4", "SUPIRx4"))
    ]
    for folder in ("MOS", "MOS_Reg", "MOS_Gen"):
        write_lines(tmp_path / folder / "online15.txt", lines[:2] if folder == "MOS_Reg" else lines)
    return read_dataset("sriqa_bench", tmp_path)


def scored(table: OpinionTable, prepared: Prepared, model: str, weights: Path | None = None) -> dict[str, Scores]:
    """The terms and the score of every image that is needed, by term."""
    images, references = ([table.path(str(key[side])) for key in prepared.needed] for side in (0, 1))
    stream = acutance.score(images, reference=references, model=[model], weights=weights)
    assert isinstance(stream, ScoreRows)
    rows = list(stream)
    assert not [row.error for row in rows if row.error]
    keyed = list(zip(prepared.needed, rows, strict=True))
    terms = {name: {key: row.terms[name] for key, row in keyed} for name in rows[0].terms}
    return terms | {"score": {key: row.score for key, row in keyed}}


def accuracy_by_hand(table: OpinionTable, scores: Scores, *, sign: int) -> float:
    """Over the pairs one by one, as the text of A-FINE's metric says with a margin of 0."""
    pairs = pair_lists(table).lists["all"]
    right = 0
    for pair in pairs:
        first, second = scores[pair.first, pair.reference], scores[pair.second, pair.reference]
        assert first is not None
        assert second is not None
        lead = sign * (first - second)
        right += (lead > 0) - (lead < 0) == 2 * pair.first_wins - 1
    return right / len(pairs)


def test_psnr_is_right_about_more_and_more_noise(sriqa: OpinionTable):
    prepared = find_protocol("pairs").prepare(sriqa, EvaluationOptions(draws=0), None)
    found = prepared.outcome(scored(sriqa, prepared, "psnr")["score"], "higher").results
    assert (found["accuracy"], found["accuracy_generative"], found["pairs"]) == (1.0, 1.0, 6)


@pytest.mark.slow
def test_the_stages_of_afine_compare_their_own_terms(sriqa: OpinionTable, afine_pth: Path):
    """With the weights of the golden cases, against a count over the pairs written here."""
    for number, (name, term) in enumerate(STAGES.items()):
        prepared = find_protocol(name).prepare(sriqa, EvaluationOptions(draws=0), None)
        if not number:
            terms = scored(sriqa, prepared, "afine", weights=afine_pth)
        found = prepared.outcome(terms[term], "lower").results
        assert found["accuracy"] == pytest.approx(accuracy_by_hand(sriqa, terms[term], sign=-1))
        assert (found["pairs"], found["pairs_regression"], found["missing"]) == (6, 1, 0)
    original = next(row.image for row in sriqa if "Original" in row.image)
    assert terms["raw_fidelity"][original, original] == pytest.approx(0, abs=1e-6)
    assert len({terms[term][original, original] for term in STAGES.values()}) == len(STAGES)


def test_the_page_of_protocols_tells_every_one():
    page = (Path(__file__).parents[3] / "docs" / "protocols.md").read_text()
    table = page.partition("| name | takes | gives |")[2].partition("\n\n")[0]
    assert [line.split("`")[1] for line in table.splitlines()[2:]] == [*PROTOCOLS]


def test_the_page_of_protocols_tells_what_weights_were_trained_with():
    page = (Path(__file__).parents[3] / "docs" / "protocols.md").read_text()
    told: dict[str, tuple[str, ...]] = {}
    for line in page.partition("| weights | trained with |")[2].partition("\n\n")[0].splitlines()[2:]:
        names, titles = line.strip("| ").split(" | ")
        sets = tuple(find_title(title) for title in titles.split(", "))
        told |= {name.strip("` "): sets for name in names.split(",")}
    assert told == {name: record.trained_on for name, record in list_records().items() if record.trained_on}


def find_title(title: str) -> str:
    return next(known.name for known in list_datasets() if known.title == title)
