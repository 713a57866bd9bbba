import io

import pytest
from rich.console import Console
from rich.table import Table

from acutance.catalog import find_model
from acutance.reports.terminal import Summary, gather, in_parts, print_part, score_table, summary_table
from acutance.scoring.rows import ScoreRow
from acutance.types import ScoreInfo


def shown(rows: list[ScoreRow], names: list[str], *, terms: tuple[str, ...] = (), width: int = 200) -> list[str]:
    summary, kept = gather(rows, infos(names), keep=True)
    return text_of(score_table(kept, summary, terms), width)


def infos(names: list[str]) -> dict[str, ScoreInfo]:
    return {name: find_model(name).info for name in names}


def text_of(table: object, width: int = 200) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def row(image: str, score: float | None = 1.0, *, model: str = "psnr", reference: str | None = "t.png") -> ScoreRow:
    error = None if score is not None else "Expected better."
    return ScoreRow(image=image, reference=reference, model=model, score=score, error=error, terms={"part": 2.0})


def test_one_picture_has_no_mean():
    assert [line.split() for line in shown([row("a.png")], ["psnr"])] == [
        ["image", "reference", "psnr", "↑"],
        ["a.png", "t.png", "1.0000"],
    ]


def test_failed_pictures_are_not_in_the_mean_which_says_of_how_many_it_is():
    rows = [row(name, model=model) for name in "abc" for model in ("psnr", "gmsd")]
    rows[2], rows[4] = row("b", None), row("c", 2.0)
    lines = [line.split() for line in shown(rows, ["psnr", "gmsd"])]
    assert [line[2:] for line in lines[1:4]] == [["1.0000", "1.0000"], ["error", "1.0000"], ["2.0000", "1.0000"]]
    assert lines[4] == ["mean", "1.5000", "of", "2", "1.0000"]


def test_an_infinite_score_is_shown_as_such():
    assert shown([row("a.png", float("inf"))], ["psnr"])[1].split()[-1] == "inf"


def test_beside_an_infinite_mean_stands_that_of_the_finite_scores():
    rows = [row("a.png", float("inf")), row("b.png", 1.0), row("c.png", 2.0)]
    lines = shown(rows, ["psnr"])
    assert lines[-2].split() == ["mean", "inf"]
    assert lines[-1].split() == ["mean", "of", "finite", "scores", "1.5000", "of", "2"]
    summary, _ = gather(rows, infos(["psnr", "gmsd"]), keep=False)
    assert [line.split() for line in text_of(summary_table(summary))[1:]] == [
        ["psnr", "higher", "3", "0", "inf", "1.5000", "of", "2", "1.0000", "inf"],
        ["gmsd", "lower", "0", "0", "-", "-", "-"],
    ]


def test_infinite_scores_of_both_signs_have_no_mean():
    lines = shown([row("a.png", float("inf")), row("b.png", float("-inf")), row("c.png", 2.0)], ["psnr"])
    assert [line.split()[-1] for line in lines[-2:]] == ["-", "1"]


def test_where_all_scores_are_infinite_the_mean_is():
    lines = shown([row("a.png", float("inf")), row("b.png", float("inf"))], ["psnr"])
    assert [line.split()[-1] for line in lines[-2:]] == ["inf", "-"]


def test_without_references_there_is_no_column_for_them():
    lines = shown([row("a.png", reference=None, model="afine-naturalness")], ["afine-naturalness"])
    assert lines[0].split() == ["image", "afine-naturalness", "↓"] or "reference" not in lines[0]


def test_terms_follow_the_scores():
    assert shown([row("a.png")], ["psnr"], terms=("part", "other"))[1].split() == ["a.png", "t.png", "1.0000", "2.0000"]


def test_a_long_name_is_folded_and_not_cut():
    lines = shown([row("x" * 60 + ".png")], ["psnr"], width=40)
    assert sum(line.count("x") for line in lines) == 60


def test_a_summary_has_a_line_a_model():
    summary, kept = gather(
        [row("a.png", 1.0), row("b.png", None), row("c.png", 2.0)], infos(["psnr", "gmsd"]), keep=False
    )
    assert kept == []
    assert [line.split() for line in text_of(summary_table(summary))[1:]] == [
        ["psnr", "higher", "2", "1", "1.5000", "1.0000", "2.0000"],
        ["gmsd", "lower", "0", "0", "-", "-", "-"],
    ]


def test_a_summary_without_rows_is_empty():
    assert Summary(infos(["psnr"])).rows == 0


@pytest.mark.parametrize("width", [30, 40, 60, 200])
def test_a_table_that_is_too_wide_stands_in_parts_with_every_cell_whole(width: int):
    table = Table("model", box=None, pad_edge=False)
    for name in ("srcc", "krcc", "plcc"):
        table.add_column(name, justify="right")
    table.add_column("note", overflow="fold")
    table.add_row("psnr", "0.6131 [0.35, 0.79]", "0.4744 [0.29, 0.64]", "-", "a note")
    console = Console(file=io.StringIO(), width=width)
    print_part(console, table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= width
    for cell in ("0.6131 [0.35, 0.79]", "0.4744 [0.29, 0.64]", "a note"):
        assert sum(cell in line for line in lines) == 1
    assert all(line.startswith(("model", "psnr")) for line in lines)


def test_a_table_of_names_alone_is_never_split():
    table = Table("method", "worst", box=None)
    assert in_parts(table, 3) == [table]
