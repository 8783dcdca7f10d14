"""The driver that sanitizers and emulators run (`make sanitize`, `make arm64`), as the package is built."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import drive
import pytest


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.skipif(not drive.runnable(), reason="the kernels are not written for this processor")
@pytest.mark.parametrize("name", [*drive.runnable()][:2])  # of AVX-512 both; the widest anywhere else
def test_the_kernels_without_python(name: str, tmp_path: Path) -> None:
    flags = drive.runnable()[name]
    said = drive.run(str(drive.build(tmp_path / "driver", "c++", flags)))
    assert re.fullmatch(r"3315 checks, 0 failed; largest error of the recurrence \S+, of windows \S+", said)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(drive.DriveError, match="no compiler"):
        drive.sanitize(tmp_path)
    with pytest.raises(drive.DriveError, match="apt-get install g\\+\\+-aarch64-linux-gnu qemu-user"):
        drive.arm64(tmp_path)
