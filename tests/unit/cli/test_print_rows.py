import io
import json

import pytest

from acutance.cli.score import print_rows
from acutance.scoring.rows import ScoreRow

ROWS = [
    ScoreRow(
        image="a, b.png", reference="t.png", model="psnr", score=float("inf"), better="higher", terms={"part": 0.5}
    ),
    ScoreRow(image="b.png", reference=None, model="psnr", better="higher", error="Expected better."),
]


def printed(rows: list[ScoreRow], *, as_json: bool) -> str:
    stream = io.StringIO()
    assert list(print_rows(rows, stream, ["part"], as_json=as_json)) == rows
    return stream.getvalue()


def test_csv_has_a_header_and_a_line_a_row():
    assert printed(ROWS, as_json=False) == (
        "image,reference,model,score,better,depth,error,part\n"
        '"a, b.png",t.png,psnr,inf,higher,,,0.5\nb.png,,psnr,,higher,,Expected better.,\n'
    )


def test_json_is_one_array_that_any_reader_takes():
    text = printed(ROWS, as_json=True)
    first, second = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert first == {**ROWS[0].as_dict(("part",)), "score": None, "note": "infinite"}
    assert second == {**ROWS[1].as_dict(("part",)), "note": None}


def test_no_rows_are_an_empty_array_and_a_bare_header():
    assert printed([], as_json=True) == "[]\n"
    assert printed([], as_json=False) == "image,reference,model,score,better,depth,error,part\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_row_is_on_the_stream_before_the_next_is_made(as_json: bool):  # noqa: FBT001
    stream = io.StringIO()
    rows = print_rows(iter(ROWS), stream, as_json=as_json)
    next(rows)
    assert "a, b.png" in stream.getvalue()
    assert "b.png" not in stream.getvalue().replace("a, b.png", "")
