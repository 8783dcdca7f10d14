"""What the factor test and the shared report code import: no torch."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import qlib_mfgru.factor as factor
for name in factor.__all__:
    getattr(factor, name)
import qlib_mfgru.factor.correlate, qlib_mfgru.report.record
print("torch" in sys.modules)
"""


def test_neither_factor_nor_report_imports_torch() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]
