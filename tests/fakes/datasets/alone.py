"""Small BID, KonIQ-10k, SPAQ, AGIQA-3K and BIQ2021: images without references."""

from pathlib import Path

from tests.fakes.datasets.files import write_images, write_lines, write_sheets

KONIQ_SETS = {
    "10004473376.jpg": "training",
    "7.jpg": "test",
    "20.jpg": "validation",
    "3.jpg": "training",
    "100.jpg": "training",
    "99.jpg": "test",
}


def write_bid(root: Path) -> None:
    """Four images, out of order; an empty row and a remark below them."""
    grades = {586: 4.5, 1: 0.25, 10: 3, 2: 2.75}
    write_images(root, [f"DatabaseImage{number:04d}.JPG" for number in grades])
    rows = [("Image number", "Average subjective grade", "Votes"), *((n, grade, 11) for n, grade in grades.items())]
    write_sheets(root / "DatabaseGrades.xlsx", {"Grades": [*rows, (), (None, None, "end")], "Other": [("x",)]})


def write_koniq10k(root: Path, *, with_sets: bool = True, place: str = "1024x768") -> None:
    """Six images: three to train, one to validate, two to test."""
    write_images(root / place, KONIQ_SETS)
    start = "image_name,c1,c2,c3,c4,c5,c_total"
    if with_sets:
        lines = [f"{name},0.0,0.0,0.25,0.5,0.25,10{k},{70 + k}.125,0.53,{part}" for k, (name, part) in _numbered()]
        write_lines(root / "koniq10k_distributions_sets.csv", [f"{start},MOS,SD,set", *lines])
    lines = [f'"{name}",0,0,25,52,28,10{k},4.03,0.53,{70 + k}.125' for k, (name, _) in _numbered()]
    write_lines(root / "koniq10k_scores_and_distributions.csv", [f"{start},MOS,SD,MOS_zscore", *lines])


def _numbered() -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(KONIQ_SETS.items()))


def write_spaq(root: Path, *, labels: str = "xlsx") -> None:
    """Three images."""
    names = ("00003.jpg", "00001.jpg", "11125.jpg")
    write_images(root / "TestImage", names)
    rows = [("Image name", "MOS", "Brightness"), *((name, 30 + 20.5 * k, 50) for k, name in enumerate(names))]
    path = root / f"Annotations/MOS and Image attribute scores.{labels}"
    if labels == "xlsx":
        write_sheets(path, {"Sheet1": rows})
    else:
        write_lines(path, [",".join(map(str, row)) for row in rows])


def write_agiqa3k(root: Path, *, place: str = "AGIQA-3K") -> None:
    """Four images of three generators; prompts with commas and quotes."""
    prompts = {
        "AttnGAN_normal_000.jpg": "statue of a man",
        "sd1.5_lowstep_012.jpg": '"a ""big"" dog, running"',
        "AttnGAN_normal_001.jpg": "a tray of sushi",
        "midjourney_normal_279.jpg": '"table,\nset for two"',
    }
    write_images(root / place, prompts)
    lines = [f"{name},{prompt},,,,{0.5 + k},0.2232701,0.4,0.6" for k, (name, prompt) in enumerate(prompts.items())]
    header = "name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align"
    write_lines(root / "data.csv", [header, *lines])


def write_biq2021(root: Path) -> None:
    """Five images to train, in a list with two empty columns and one name that differs in case, and two to test."""
    on_disk = ["ss01 (1).jpg", "ss02 (1014).JPG", "ss03 (3753).jpg", "ss01 (10).jpg", "ss03 (5).jpg"]
    train = [f"{name.replace('.JPG', '.jpg')},0.{k}471" for k, name in enumerate(on_disk)]
    write_images(root / "Images", [*on_disk, "ss03 (7805).jpg", "ss02 (9).jpg"])
    write_lines(root / "Train (Images and MOS).csv", [f"{line},," for line in ("Image Name,MOS", *train)])
    test = ("Image Name,MOS", "ss03 (7805).jpg,0.7321", "ss02 (9).jpg,1")
    write_lines(root / "Test (Images and MOS).csv", test)
