import subprocess
import sys
from pathlib import Path

from acutance.evaluation.files import read_run
from tests.unit.test_without_torch import NO_TORCH


def test_scores_of_files_are_evaluated_tested_and_reported_without_torch(tmp_path: Path):
    (tmp_path / "t.csv").write_text("image,mos\n1.png,1\n2.png,2\n3.png,3\n4.png,4\n5.png,5\n")
    (tmp_path / "s.csv").write_text("image,ours,psnr\n5.png,9,1\n4.png,7,3\n1.png,1,4\n2.png,4,2\n3.png,3,5\n")
    arguments = "--scores s.csv --better ours=higher --data t.csv -o out --draws 10 --tests --report out/r.html"
    code = f"""
from acutance.cli.app import main
sys.argv = {["acutance", "evaluate", *arguments.split()]!r}
main()
"""
    subprocess.run([sys.executable, "-c", NO_TORCH + code], check=True, cwd=tmp_path)
    run = read_run(tmp_path / "out")
    ours = run.evaluations[0]
    assert (ours.model, ours.agreement.count, round(ours.agreement.srcc or 0, 4)) == ("ours", 5, 0.9)
    assert run.tests
