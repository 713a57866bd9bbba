"""Run a command with fewer of the processor's instructions, once it is proven that the limit took.

    python .ci/instructions.py [--threads N] all|avx2|sse4 [COMMAND [ARGUMENT ...]]

PyTorch, oneDNN, MKL, OpenBLAS and NumPy choose among their own implementations at start, each by its own variable.
What is in force is printed first; a limit that one of them did not take ends the run with status 1. MKL says what it
uses only on Intel's processors; on others that line says so.
"""

import argparse
import os
import re
import subprocess
import sys

GROUPS = ("X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR", "AVX2", "FMA3", "AVX512F", "AVX512CD", "AVX512_SKX",
          "AVX512_CLX", "AVX512_CNL")  # fmt: skip
"""What NumPy may dispatch to above SSE4.2, by the names of its releases from 1.26 on."""
LIMITS = {
    "all": {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "sse4": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}
ALLOWED_GROUPS = {"all": set(GROUPS), "avx2": {"X86_V3", "AVX2", "FMA3"}, "sse4": set()}
WANTED = {
    "all": {},
    "avx2": {"oneDNN": r"AVX2$", "PyTorch": r"AVX2$", "OpenBLAS": r"(Haswell|Zen)$", "MKL": r"Intel\(R\) AVX2\)"},
    "sse4": {"oneDNN": r"SSE4\.1$", "PyTorch": r"DEFAULT$", "OpenBLAS": r"Nehalem$", "MKL": r"SSE4\.2"},
}
"""What each must say of itself."""
PROBE = """
import numpy, scipy.linalg, torch
from threadpoolctl import threadpool_info
from numpy._core import _multiarray_umath as core
print("NumPy:", *[group for group in core.__cpu_dispatch__ if core.__cpu_features__.get(group)])
for library in sorted({one["architecture"] for one in threadpool_info() if one["internal_api"] == "openblas"}):
    print("OpenBLAS:", library)
print("PyTorch:", torch.backends.cpu.get_cpu_capability())
print("threads:", torch.get_num_threads())
torch.rand(300, 300) @ torch.rand(300, 300)
torch.nn.functional.conv2d(torch.rand(4, 16, 32, 32), torch.rand(16, 16, 3, 3))
"""


def main() -> int:
    """Set the limit, prove it, run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, help="threads of a process, also of each of pytest's workers")
    parser.add_argument("limit", choices=LIMITS)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    environment = {**os.environ, **LIMITS[given.limit]}
    if disabled := sorted(dispatched() - ALLOWED_GROUPS[given.limit]):
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(disabled)
    if given.threads:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ACUTANCE_TEST_THREADS")
        environment |= dict.fromkeys(names, str(given.threads))
    faults = unmet(given.limit, in_force(environment))
    for fault in faults:
        print(f"the limit {given.limit} did not take: {fault}", file=sys.stderr)
    if faults or not given.command:
        return 1 if faults else 0
    sys.stdout.flush()
    return subprocess.run(given.command, env=environment, check=False).returncode


def dispatched() -> set[str]:
    """The groups of instructions that the installed NumPy dispatches to and that have a name here."""
    asked = "from numpy._core import _multiarray_umath as core; print(*core.__cpu_dispatch__)"
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    return set(shown.split()) & set(GROUPS)


def in_force(environment: dict[str, str]) -> dict[str, list[str]]:
    """What each library says that it uses, printed and by its name."""
    verbose = {**environment, "ONEDNN_VERBOSE": "1", "MKL_VERBOSE": "1"}
    shown = subprocess.run([sys.executable, "-c", PROBE], env=verbose, capture_output=True, text=True, check=True)
    said: dict[str, list[str]] = {}
    for line in shown.stdout.splitlines():
        if found := re.match(r"(NumPy|OpenBLAS|PyTorch|threads): ?(.*)", line):
            said.setdefault(found[1], []).append(found[2])
        elif found := re.match(r"onednn_verbose,.*info,cpu,isa:(.*)", line):
            said.setdefault("oneDNN", []).append(found[1])
        elif found := re.match(r"MKL_VERBOSE (?:one)?MKL .* architecture (.*) processors", line):
            known = found[1] if "SSE" in found[1] or "AVX" in found[1] else f"{found[1]} (tells no more here)"
            said.setdefault("MKL", []).append(known)
    for library, lines in said.items():
        print(f"{library}: {', '.join(dict.fromkeys(lines)) or 'the least'}")
    return said


def unmet(limit: str, said: dict[str, list[str]]) -> list[str]:
    """Where a library uses something else than the limit allows, or says nothing of itself."""
    faults = [
        f"{library} uses {line}"
        for library, pattern in WANTED[limit].items()
        for line in said.get(library, ["something that it does not say"] if library != "MKL" else [])
        if "tells no more" not in line and not re.search(pattern, line)
    ]
    groups = {group for line in said.get("NumPy", []) for group in line.split()} & set(GROUPS)
    return faults + [f"NumPy uses {group}" for group in sorted(groups - ALLOWED_GROUPS[limit])]


if __name__ == "__main__":
    sys.exit(main())
