from pathlib import Path

import pytest

from acutance.errors import PairingError
from acutance.scoring.pairing import is_manifest, read_manifest
from tests.raising import raises


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def names(path: Path) -> list[tuple[str, str | None]]:
    return [(pair.image.name, pair.reference.name if pair.reference else None) for pair in read_manifest(path).pairs]


def test_a_csv_manifest_pairs_line_by_line(tmp_path: Path):
    path = write(tmp_path / "m.csv", 'mos,image,reference\n3,b.png,t.png\n4,"a, or not.png",\n')
    assert names(path) == [("b.png", "t.png"), ("a, or not.png", None)]


def test_a_byte_order_mark_from_excel_is_no_part_of_a_column(tmp_path: Path):
    assert names(write(tmp_path / "m.csv", b"\xef\xbb\xbfimage,reference\r\na.png,t.png\r\n")) == [("a.png", "t.png")]
    assert names(write(tmp_path / "m.jsonl", b'\xef\xbb\xbf{"image": "a.png"}\n')) == [("a.png", None)]


def test_a_json_lines_manifest_may_have_empty_lines_and_no_reference(tmp_path: Path):
    text = '{"image": "a.png", "reference": "t.png"}\n\n{"image": "b.png", "reference": null}\n'
    assert names(write(tmp_path / "m.jsonl", text)) == [("a.png", "t.png"), ("b.png", None)]


def test_a_name_in_json_lines_whose_bytes_are_no_utf8_is_found(tmp_path: Path):
    path = write(tmp_path / "m.jsonl", '{"image": "a\\udcff.png"}\n')
    assert [pair.image.source for pair in read_manifest(path).pairs] == [tmp_path / "a\udcff.png"]


def test_paths_start_in_the_folder_of_the_manifest(tmp_path: Path):
    path = write(tmp_path / "m.csv", "image\nsub/a.png\n/elsewhere/b.png\n")
    sources = [pair.image.source for pair in read_manifest(path).pairs]
    assert sources == [tmp_path / "sub/a.png", Path("/elsewhere/b.png")]


def test_only_csv_and_json_lines_files_are_manifests(tmp_path: Path):
    (tmp_path / "folder.csv").mkdir()
    assert is_manifest("pairs.CSV")
    assert is_manifest(Path("pairs.jsonl"))
    assert not any(is_manifest(source) for source in ("a.png", ["m.csv"], tmp_path / "folder.csv", None))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("m.csv", "picture,truth\na,b\n", ("image", "reference", "m.csv", "picture", "truth")),
        ("m.csv", "", ("image", "reference", "m.csv")),
        ("m.csv", "image,reference\n", ("m.csv",)),
        ("m.csv", "image,reference\na.png,t.png\n,t.png\n", ("m.csv", "line 3", "image")),
        ("m.csv", "image,reference\na,b.png,t.png\n", (2, "m.csv", 2, 3)),
        ("m.csv", b"image\n\xff\n", ("m.csv", "UTF-8", "0xff")),
        ("m.jsonl", '{"image": "a"}\n{"image"\n', ("m.jsonl", 2)),
        ("m.jsonl", '["a.png"]\n', ("a.png", "m.jsonl", 1)),
        ("m.jsonl", '{"img": "a.png"}\n', ("m.jsonl", "line 1", "image")),
        ("m.jsonl", '{"image": 3}\n', ("image", "m.jsonl", 1, 3)),
        ("m.jsonl", '{"image": "a", "reference": 3}\n', ("reference", "m.jsonl", 1, 3)),
    ],
)
def test_a_bad_manifest_names_file_and_line(tmp_path: Path, name: str, text: str | bytes, words: tuple[object, ...]):
    with raises(PairingError, *words):
        read_manifest(write(tmp_path / name, text))


def test_a_manifest_that_is_not_there_is_an_error(tmp_path: Path):
    with raises(PairingError, "m.csv"):
        read_manifest(tmp_path / "m.csv")
