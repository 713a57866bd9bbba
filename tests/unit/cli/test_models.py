import pytest

from acutance.catalog import CATALOG
from tests.raising import lacking
from tests.unit.cli.conftest import Run


def test_every_model_has_a_line(run: Run):
    lines = run("models").stdout.splitlines()
    assert lines[0].split()[:2] == ["model", "title"]
    assert [line.split()[0] for line in lines[1:]] == sorted(CATALOG)


def test_a_line_says_how_to_read_the_score(run: Run):
    (line,) = [line for line in run("models").stdout.splitlines() if line.startswith("psnr ")]
    assert line.split() == ["psnr", "PSNR", "yes", "higher", "0", "to", "inf", "dB", "none", "needed"]


@pytest.mark.parametrize("name", CATALOG)
def test_one_model_shows_all_that_is_known_of_it(run: Run, name: str):
    entry, text = CATALOG[name], run("models", name).stdout
    for fact in (entry.paper, entry.note, entry.licence, *entry.choices, *entry.term_names):
        assert fact in text


@pytest.mark.parametrize(
    ("name", "parameters", "facts"),
    [
        ("ssim", "none", ()),
        ("afine-naturalness", "88,836,995", ("4.41 G at 224 x 224", "23.7 G at 512 x 512", "of an image")),
        ("hyperiqa", "27,375,369", ("25.7 G at 224 x 224", "6 crops, 4.28 G each")),
        ("ahiq", "63,585,364", ("1 crop)", "9 crops, ", "of an image and its reference")),
        ("vtamiq-head", "57,322,386", ("1 set of 196 patches)", "2 sets of 512 patches, ")),
    ],
)
def test_one_model_shows_its_size_and_what_a_score_computes(
    run: Run, name: str, parameters: str, facts: tuple[str, ...]
):
    lines = {line.split()[0]: line for line in run("models", name).stdout.splitlines()}
    assert lines["parameters"].split()[1] == parameters
    assert ("multiply-adds" in lines) == bool(facts)
    assert not lacking(lines.get("multiply-adds", ""), *facts)


@pytest.mark.slow
def test_time_and_memory_are_measured_on_request(run: Run):
    result = run("models", "psnr", "--measure")
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert not lacking(lines["time"], "ms at 224 x 224", "ms at 512 x 512", "thread")
    assert not lacking(lines["memory"], "MB at 224 x 224", "MB at 512 x 512")


@pytest.mark.parametrize("names", [(), ("classic",)])
def test_one_model_is_measured_at_a_time(run: Run, names: tuple[str, ...]):
    result = run("models", *names, "--measure")
    assert result.exit_code == 2
    assert not lacking(result.stderr, "--measure", *names)
    assert result.stderr.count("\n") == 1


def test_an_unknown_model_is_one_line(run: Run):
    result = run("models", "msssim")
    assert result.exit_code == 2
    assert "'msssim'" in result.stderr
    assert "'ms_ssim'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_is_shown_whatever_the_case_of_its_name(run: Run):
    assert run("models", "SSIM").stdout == run("models", "ssim").stdout


def test_a_group_lists_its_models(run: Run):
    lines = run("models", "Classic").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "psnr", "ssim", "ms_ssim", "gmsd", "vsi"]
