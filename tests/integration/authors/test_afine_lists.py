"""The rows of "A-FINE: training and testing" on lists, test sections and first values: each as it stands there.

Images are 32 x 32 in the authors' folders. Commands that score run whole; trainings run by the settings that the
command makes, with a tiny encoder in the place of ViT-B/32.
"""

import csv
import json
import shlex
from collections.abc import Callable, Iterable
from glob import glob
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import curve_fit
from typer.testing import CliRunner, Result

from acutance.cli.app import app
from acutance.training.settings import resolved
from acutance.training.systems.afine import StageTraining
from acutance.training.systems.afine_frozen import AFINEStage3Task
from acutance.training.triplets import TripletData, triplet_lists
from tests.fakes.afine_training import run_stage, stage_task
from tests.fakes.datasets.files import write_lines
from tests.integration.authors.table import code, commands, rows

SECTION = "A-FINE: training and testing"
METHODS = ("SwinIRx4", "RealESRNetx4", "BSRGANx4", "Original")
NAME = {"DiffIQA": "000006x0y770", "KADID10K": "I01", "TID2013": "i01", "PIPAL": "A0002"}
"""A reference of each dataset."""
TYPES = {
    "PSY": ("01", "03", 1),
    "PNY": ("01", "02", 1),
    "SNY": ("03", "02", 1),
    "PYY": ("01", "", 1),
    "NYY": ("02", "", 0),
}
TERMS = {"afine-stage1": "raw_naturalness", "afine-stage2": "raw_fidelity", "afine-stage3": "adaptive"}


def save(path: Path, level: int) -> None:
    """Noise over a slope, the more the higher the level."""
    random = np.random.default_rng(sum(path.stem.encode()) if level else 0)
    pixels = np.linspace(40, 200, 32 * 32 * 3).reshape(32, 32, 3) + random.normal(0, 12, (32, 32, 3)) * level
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)).save(path)


def write_diffiqa(root: Path) -> None:
    """One reference a part, versions better (01), worse (02) and alike (03), and the lists of them."""
    for part, name in {"Train": NAME["DiffIQA"], "Validation": "000017x27y13", "Test": "000100x1y1"}.items():
        save(root / f"{part}/images/Original/{name}.png", 0)
        for version in range(1, 7):
            save(root / f"{part}/images/{version:02d}/{name}_{version:02d}.png", version)

        def picture(version: str, name: str = name) -> str:
            return f"{name}_{version}.png" if version else f"{name}.png"

        for kind, (first, second, wins) in TYPES.items():
            line = f"{picture(first)},{picture(second)},{name}.png,{wins}"
            write_lines(root / f"{part}/TripletEachType/{kind}.txt", [line])
        triplets = [
            f"{picture('01')},{picture('02')},{name}.png,1,1,0",
            f"{picture('03')},{name}.png,{name}.png,0.5,0.5,0.5",
        ]
        write_lines(root / f"{part}/trainlabel/Triplet/Triplet.txt", triplets)


def write_traditional(root: Path, ending: str, count: int = 4) -> None:
    """A reference with images of falling quality; the lists call the references .png, as the authors' do."""
    name = NAME[root.name]
    save(root / f"images/{name}{ending}", 0)
    images = [f"{name}_01_{level:02d}{ending}" for level in range(1, count + 1)]
    for level, image in enumerate(images, start=1):
        save(root / "images" / image, level)
    for part in ("Train", "Validation", "Test"):
        better = [f"{a},{b},{name}.png,1,0,0" for a, b in pairwise(images)]
        write_lines(root / f"{part}/Triplet/Triplet.txt", [*better, f"{images[0]},{name}.png,{name}.png,0,0,0.5"])
        write_lines(
            root / f"{part}/MOS/{name}.txt", [f"{p},{name}{ending},{1500 - 90.5 * k}" for k, p in enumerate(images)]
        )


def write_sriqa(root: Path) -> None:
    for scene, order in (("online15", METHODS), ("canon7", METHODS[::-1])):
        for level, method in enumerate(reversed(METHODS)):
            save(root / f"images/{method}/{scene}_{method}.png", level)
        lines = [f"{scene}_{method}.png,{100 / 3 * place}" for place, method in enumerate(order)]
        write_lines(root / f"MOS/{scene}.txt", lines)
        write_lines(root / f"MOS_Reg/{scene}.txt", [line for line in lines if "BSRGAN" not in line])
        write_lines(root / f"MOS_Gen/{scene}.txt", [line for line in lines if "SwinIR" not in line])


def run(command: str, *more: str) -> Result:
    result = CliRunner().invoke(app, [*shlex.split(command)[1:], *more])
    assert result.exit_code == 0, result.stderr
    return result


def config_of(command: str, *more: str) -> Any:
    """The settings that ``acutance train`` makes of a command."""
    _, _, recipe, *given = shlex.split(command)
    sets = [value for option, value in pairwise(given) if option == "--set"]
    return resolved(recipe, [*sets, *more], Path("runs/any"), resume=False)[0]


LIST_ROWS = [f"`{part}: {name}`" for part in ("train", "val_1") for name in ("ThreeAFC_list_path", "all_img_path")]
STAGE_1 = "acutance train afine-stage1 -o RUN"
OWN = " ".join([STAGE_1, *(code(rows(SECTION)[row])[0] for row in LIST_ROWS)])
LISTS = [
    f"task.data.{name}={','.join(getattr(config_of(OWN).task.data, name))}"
    for name in ("triplets", "images", "validation_triplets", "validation_images")
]
"""The settings of these rows, for those beside them."""


def train_tiny(task: StageTraining) -> list[dict[str, Any]]:
    folder, _ = run_stage(
        1,
        Path("lists.csv"),
        Path("runs/tiny"),
        task=task.model_dump(exclude={"kind"}),
        iterations=2,
        batch_size=2,
        validate_every=2,
    )
    return list(json.loads((folder.path / "metrics.json").read_text())["epochs"])


def own_lists(ours: str) -> None:
    """All rows of lists together."""
    assert code(ours)[0] in OWN
    found = triplet_lists(config_of(OWN).task.data)
    assert len(found.train) == 2 + 4
    assert {triplet.first.parent.as_posix() for triplet in found.train} == {
        "DiffIQA/Train/images/01",
        "DiffIQA/Train/images/03",
        "KADID10K/images",
    }
    (pair,) = found.validation["diffiqa"]
    assert (pair.first.name, pair.second.name, pair.labels[0]) == ("000017x27y13_01.png", "000017x27y13_02.png", 1.0)
    last = train_tiny(config_of(OWN).task)[-1]
    assert {"val_accuracy", "val_accuracy_diffiqa", "val_accuracy_kadid10k"} <= set(last)


def in_python(ours: str) -> None:
    found = triplet_lists(eval(code(ours)[0], {"TripletData": TripletData}))  # noqa: S307 (the guide's own line)
    assert (len(found.train), len(found.validation["kadid10k"])) == (4, 4)


def balanced(ours: str) -> None:
    found = triplet_lists(config_of(f"{STAGE_1} {code(ours)[0]}", *LISTS).task.data)
    assert len(found.train) == 3 * 2 + 4  # of DiffIQA once more than it fits into the rest


def every_line(ours: str) -> None:
    assert commands(ours) == []
    found = triplet_lists(config_of(OWN).task.data)
    assert {name: len(each) for name, each in found.validation.items()} == {"diffiqa": 1, "kadid10k": 4}


def margin(ours: str) -> None:
    assert config_of(f"{STAGE_1} {code(ours)[0]}").task.margin == 0.0


def pairs_of(lists: str) -> list[tuple[str, str, float]]:
    """Who wins in a list, as the authors' loaders have it."""
    path = Path(lists)
    if path.is_dir():
        scored = [
            [line.replace(",", " ").split() for line in file.read_text().splitlines()] for file in path.glob("*.txt")
        ]
        pairs = [(a, b) for each in scored for place, a in enumerate(each) for b in each[place + 1 :]]
        return [(a[0], b[0], 1.0 if float(a[1]) > float(b[1]) else 0.0) for a, b in pairs]
    cells = [line.split(",") for line in path.read_text().splitlines()]
    return [(first, second, float(wins)) for first, second, _, wins, *_ in cells]


def accuracy(pairs: Iterable[tuple[str, str, float]], terms: dict[str, float]) -> float:
    """Of A-FINE's loop: lower is better, ties only where nothing differs."""
    right = [
        (wins == 1 and terms[a] < terms[b])
        or (wins == 0 and terms[a] > terms[b])
        or (wins == 0.5 and terms[a] == terms[b])
        for a, b, wins in pairs
    ]
    return sum(right) / len(right)


def terms_of(path: Path, term: str) -> dict[str, float]:
    """By the name of the image, without its ending where a list has another."""
    with path.open() as file:
        found = {Path(row["image"]).name: float(row[term]) for row in csv.DictReader(file)}
    return found | {f"{Path(name).stem}.png": value for name, value in found.items()}


def sections(ours: str, *more: str) -> dict[str, dict[str, Any]]:
    """Run the commands of a cell; what they say of each dataset."""
    found: dict[str, dict[str, Any]] = {}
    for command in commands(ours):
        run(command, *more)
        words = shlex.split(command)
        folder = Path(words[words.index("-o") + 1])
        term = TERMS[words[words.index("--protocol") + 1]]
        for name, one in json.loads((folder / "eval_results.json").read_text())["datasets"].items():
            said = terms_of(folder / f"scores/{name}.csv", term)
            found[f"{term} {name}"] = {**one["protocol_results"], "terms": said}
    return found


def listed_sections(ours: str) -> None:
    """Every list has its accuracy, that of the authors' loop over its pairs."""
    found = sections(ours)
    lists = [
        path
        for command in commands(ours)
        for before, word in pairwise(shlex.split(command))
        if before == "--data"
        for path in sorted(glob(word))  # noqa: PTH207 (a pattern or a path)
    ]
    assert lists
    assert len(found) == len(lists)
    for one, path in zip(found.values(), lists, strict=True):
        pairs = pairs_of(path)
        assert one["pairs"] == len(pairs)
        assert one["accuracy"] == pytest.approx(accuracy(pairs, one["terms"]))


def whole_sriqa(ours: str) -> None:
    (found,) = sections(ours, "--allow-missing").values()
    for ending, folder in {"": "MOS", "_regression": "MOS_Reg", "_generative": "MOS_Gen"}.items():
        pairs = pairs_of(f"SRIQA-Bench/{folder}")
        assert (found[f"pairs{ending}"], found[f"accuracy{ending}"]) == (
            len(pairs),
            pytest.approx(accuracy(pairs, found["terms"])),
        )


def whole_diffiqa(ours: str) -> None:
    (found,) = sections(ours, "--allow-missing").values()
    each = {kind: accuracy(pairs_of(f"DiffIQA/Test/TripletEachType/{kind}.txt"), found["terms"]) for kind in TYPES}
    assert {kind: found[f"accuracy_{kind}"] for kind in TYPES} == pytest.approx(each)
    assert found["accuracy_ref_below_test"] == pytest.approx(np.mean([each[kind] for kind in ("PSY", "PNY", "PYY")]))
    assert found["accuracy_ref_above_test"] == pytest.approx(np.mean([each[kind] for kind in ("SNY", "NYY")]))


def normalized(ours: str) -> None:
    (command,) = commands(ours)
    run(command)
    name = NAME["PIPAL"]
    opinions = [1500 - 90.5 * k for k in range(4)]
    shares = [(mos - opinions[-1]) / (opinions[0] - opinions[-1]) for mos in opinions]
    lines = [f"{name}_01_{k:02d}.bmp,{name}.bmp,{-1.0 * (share * 4 + -2)}" for k, share in enumerate(shares, start=1)]
    assert Path("normalize_PIPAL_Train_mos.txt").read_text().splitlines() == lines


def logistic(ends: tuple[float, float]) -> Callable[..., Any]:
    return lambda x, centre, scale: ends[0] + (ends[1] - ends[0]) / (1 + np.exp(-(x - centre) / (abs(scale) + 1e-10)))


def fitted(values: list[float], targets: list[float], ends: tuple[float, float]) -> list[float]:
    """The authors' fit."""
    start = [float(np.mean(values)), float(np.std(values)) / 4]
    found, _ = curve_fit(logistic(ends), np.array(values), np.array(targets), p0=start, maxfev=10_000)
    return [float(found[0]), abs(float(found[1]))]


def printed(result: Result) -> dict[str, float]:
    return {name: float(value) for name, value in map(str.split, result.stdout.splitlines())}


def first_values(ours: str) -> None:
    score, calibrate = commands(ours)
    run(score)
    said = terms_of(Path("stage1.csv"), "raw_naturalness")
    name = NAME["PIPAL"]
    said = {image: value for image, value in said.items() if image.endswith(".bmp") and image != f"{name}.bmp"}
    ranks = {image: place for place, image in enumerate(sorted(said, key=said.__getitem__))}
    write_lines(
        Path(f"PIPAL/Train/MOS/{name}.txt"), [f"{p},{name}.bmp,{1500 - 90.5 * rank}" for p, rank in ranks.items()]
    )
    run(commands(rows(SECTION)[next(row for row in ROWS if "normalize_PIPAL_mos.py" in row)])[0])
    targets = [-(4 * (1 - rank / (len(ranks) - 1)) - 2) for rank in ranks.values()]
    expected = fitted([said[image] for image in ranks], targets, (-2, 2))
    assert printed(run(calibrate)) == {
        "gamma3": pytest.approx(expected[0], abs=1e-4),
        "gamma4": pytest.approx(expected[1], abs=1e-4),
    }


def last_scaling(ours: str) -> None:
    normalize, evaluate, calibrate = commands(ours)
    run(evaluate)
    said = terms_of(Path("results/fit/scores/sriqa_bench.csv"), "adaptive")
    for path in Path("SRIQA-Bench/MOS").glob("*.txt"):  # opinions that the model agrees with, so that there is a fit
        names = sorted((line.split(",")[0] for line in path.read_text().splitlines()), key=said.__getitem__)
        write_lines(path, [f"{image},{100 - 100 / 3 * place}" for place, image in enumerate(names)])
    run(normalize)
    lines = [line.split(",") for line in Path("normalize_SRIQA_mos.txt").read_text().splitlines()]
    assert {reference for _, reference, _ in lines} == {"online15_Original.png", "canon7_Original.png"}
    expected = fitted([said[image] for image, _, _ in lines], [float(mos) for *_, mos in lines], (0, 100))
    assert printed(run(calibrate)) == {
        "beta3": pytest.approx(expected[0], abs=1e-4),
        "beta4": pytest.approx(expected[1], abs=1e-4),
    }


def in_training(ours: str) -> None:
    (command,) = commands(ours)
    task = config_of(command, *LISTS).task
    found = stage_task(3, Path("lists.csv"), Path("runs/tiny"), **task.model_dump(exclude={"kind"}))
    assert isinstance(found, AFINEStage3Task)
    state = {name: float(value) for name, value in found.network.state_dict().items() if value.ndim == 0}
    assert state == pytest.approx(
        {
            "adapter.k": 5.0,
            "naturalness_calibrator.centre": 4.9592,
            "naturalness_calibrator.scale": 21.5968,
            "fidelity_calibrator.centre": 0.5,
            "fidelity_calibrator.scale": 0.15,
        }
    )


ROWS: dict[str, Callable[[str], None]] = {
    **dict.fromkeys(LIST_ROWS, own_lists),
    "the same lists in Python": in_python,
    "`balance_dataset: True`": balanced,
    "`count_percentage: 1.0` (as published)": every_line,
    "`val: metrics: Accuracy: delta: 0.0`": margin,
    "`SRIQADataset` (SRIQA-Bench All, Regression, Generation): `all_img_path`, `all_score_path`": listed_sections,
    "the same three sections of a whole `SRIQA-Bench`": whole_sriqa,
    "`DiffIQADataset` (PSY, PNY, SNY, PYY, NYY): `all_img_path`, `ThreeAFC_list_path`": listed_sections,
    "the five types together, Ref < Test and Ref > Test of the paper": whole_diffiqa,
    "`TraditionalIQADataset` (KADID10K, TID2013, PIPAL)": listed_sections,
    "`test_AFINE_stage1_nlogn.yml`, `test_AFINE_stage2_nlogn.yml`: the same sections": listed_sections,
    "`normalize_PIPAL_mos.py --input_path PIPAL/Train/MOS --save_path normalize_PIPAL_Train_mos.txt`": normalized,
    "`fit_beta_AFINE_Stage1.py` (`beta3:4.9592, beta4:21.5968`)": first_values,
    "`network_scale_nr: yita3, yita4`, `network_scale_fr: yita3, yita4`, `network_finalscore: k`": in_training,
    "`normalize_SRIQA_mos.py`, `fit_beta_AFINE_Stage3.py` (`beta3:-1.9701, beta4:-2.3734`)": last_scaling,
}
"""What each row promises, for those that are tested here."""


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authors' folders in the current one."""
    monkeypatch.chdir(tmp_path)
    write_diffiqa(Path("DiffIQA"))
    write_traditional(Path("KADID10K"), ".png")
    write_traditional(Path("TID2013"), ".bmp")
    write_traditional(Path("PIPAL"), ".bmp")
    write_sriqa(Path("SRIQA-Bench"))


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("theirs", ROWS)
def test_a_row_does_what_the_authors_program_does(
    theirs: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    ours = rows(SECTION)[theirs]
    if any(command.split()[1] in ("evaluate", "score") for command in commands(ours)):
        monkeypatch.setenv("ACUTANCE_WEIGHTS", str(request.getfixturevalue("afine_pth").parent))
    ROWS[theirs](ours)


def test_every_row_tested_here_stands_in_the_guide():
    assert set(ROWS) <= set(rows(SECTION))
