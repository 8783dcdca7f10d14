"""What is harmless is hushed by name, and by nothing else."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from qlib_mfgru.output import HARMLESS, hush


@pytest.mark.parametrize(("name", "beginning"), [(name, text) for name, texts in HARMLESS.items() for text in texts])
def test_the_harmless_are_hushed_and_others_are_not(
    name: str, beginning: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "filters", [])
    monkeypatch.setattr(logger, "propagate", True)
    monkeypatch.setattr(logging.getLogger("qlib"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("mlflow"), "propagate", True)
    hush()
    hush()
    assert len(logger.filters) == 1
    with caplog.at_level(logging.INFO, logger=name):
        logger.warning(f"{beginning} as it is")
        logger.warning(f"disk full: {beginning}")
    assert [record.getMessage() for record in caplog.records] == [f"disk full: {beginning}"]
    with caplog.at_level(logging.DEBUG, logger=name):
        logger.warning(f"{beginning} for debugging")
    assert (caplog.records[-1].levelname, caplog.records[-1].getMessage()) == ("DEBUG", f"{beginning} for debugging")


def test_gym_says_nothing() -> None:
    pytest.importorskip("gym_notices")
    code = "import gym_notices.notices as n; from qlib_mfgru.output import hush; hush(); assert n.notices == {}"
    subprocess.run([sys.executable, "-c", code], check=True)
