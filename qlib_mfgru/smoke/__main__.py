"""``python -m qlib_mfgru.smoke``: try an installation on a small market of its own, without a network or a GPU.

Each line is one thing that was tried. Exit code 1 if one of them failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from qlib_mfgru.smoke.checks import CHECKS


def main() -> int:
    """Try everything, in order; what follows a failure is tried all the same."""
    argparse.ArgumentParser(prog="python -m qlib_mfgru.smoke", description=__doc__).parse_args()
    os.environ.setdefault("TQDM_DISABLE", "1")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="mfgru_smoke_") as work:
        for check in CHECKS:
            start = time.perf_counter()
            try:
                word, seen = "ok", check(Path(work))
            except Exception:  # anything: the user has to send it to us
                word, seen = "FAILED", traceback.format_exc()
                failed += 1
            print(f"{word:6} {check.__name__:9} {time.perf_counter() - start:5.1f} s  {seen}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
