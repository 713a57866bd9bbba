from acutance.catalog import CATALOG
from tests.unit.cli.conftest import Run


def test_every_model_has_a_line(run: Run):
    lines = run("models").stdout.splitlines()
    assert lines[0].split()[:2] == ["model", "title"]
    assert [line.split()[0] for line in lines[1:]] == sorted(CATALOG)


def test_a_line_says_how_to_read_the_score(run: Run):
    (line,) = [line for line in run("models").stdout.splitlines() if line.startswith("psnr ")]
    assert line.split() == ["psnr", "PSNR", "yes", "higher", "0", "to", "inf", "dB", "none", "needed"]


def test_one_model_shows_all_that_is_known_of_it(run: Run):
    for name, entry in CATALOG.items():
        text = run("models", name).stdout
        for fact in (entry.paper, entry.note, entry.licence, *(entry.options or {}), *entry.term_names):
            assert fact in text


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
