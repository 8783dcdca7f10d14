"""What is harmless is hushed by name, and by nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from qlib_mfgru.output import HARMLESS, hush


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.levelname, record.getMessage()))


@pytest.mark.parametrize(("name", "beginning"), [(name, text) for name, texts in HARMLESS.items() for text in texts])
def test_the_harmless_are_hushed_and_others_are_not(name: str, beginning: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logger, kept = logging.getLogger(name), Kept()
    for attribute, value in {"filters": [], "handlers": [kept], "propagate": False, "level": logger.level}.items():
        monkeypatch.setattr(logger, attribute, value)
    logger.setLevel(logging.INFO)
    hush()
    hush()
    assert len(logger.filters) == 1
    logger.warning(f"{beginning} as it is")
    logger.warning(f"disk full: {beginning}")
    logger.setLevel(logging.DEBUG)
    logger.warning(f"{beginning} again")
    assert kept.said == [("WARNING", f"disk full: {beginning}"), ("DEBUG", f"{beginning} again")]
    logger.setLevel(logging.NOTSET)  # and as it was


def test_gym_says_nothing() -> None:
    pytest.importorskip("gym_notices")
    code = "import gym_notices.notices as n; from qlib_mfgru.output import hush; hush(); assert n.notices == {}"
    subprocess.run([sys.executable, "-c", code], check=True)
