"""The pages as other processors would compute them: which cells print something else there, or assert what fails.

    python scripts/processors.py [page.ipynb ...]     all pages of the book, if none is named: half an hour

Processors add up in different orders, and some round a product before they add it. So last digits differ, and training
can make first digits of them. OpenBLAS and NumPy go the way of an older processor where the environment says so; the
way of a newer one cannot be had. These are names of x86_64: elsewhere only the number of threads differs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NO_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"  # NumPy's names of what its loops are not to use
PROCESSORS = {  # OpenBLAS's core, NumPy's loops, threads
    "without AVX": ("Nehalem", f"X86_V3 {NO_AVX512}", "1"),
    "with AVX": ("Sandybridge", f"X86_V3 {NO_AVX512}", "1"),
    "with AVX2, two threads": ("Haswell", NO_AVX512, "2"),
}
NBVAL = ("--nbval", "--nbval-sanitize-with", "tests/nbval.cfg", "--noconftest", "-q", "-p", "no:cacheprovider")


class Failures(list[str]):
    """A plugin of pytest that keeps the page and the id of each cell that fails."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """What a test reports, here for a cell."""
        report = yield
        if report.failed:
            self.append(f"{os.path.relpath(item.path, ROOT)} {item.cell.get('id', item.name)}")
        return report


def main(*pages: str) -> int:
    """Say what differs, and at last where; 0 if nothing does."""
    named = [os.path.abspath(page) for page in pages] or ["book"]
    os.chdir(ROOT)
    found = {name: Failures() for name in PROCESSORS}
    for name, (core, loops, threads) in PROCESSORS.items():
        print(f"\n{name}", flush=True)
        os.environ |= {"OPENBLAS_CORETYPE": core, "NPY_DISABLE_CPU_FEATURES": loops, "OPENBLAS_NUM_THREADS": threads}
        if pytest.main([*NBVAL, *named], plugins=[found[name]]) > pytest.ExitCode.TESTS_FAILED:
            return 2  # nothing was tried
    for name, cells in found.items():
        print(f"{name}: {len(cells)} cells differ", *cells, sep="\n  ")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
