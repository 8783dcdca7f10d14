"""What qlib logs, for tests that read it."""

from __future__ import annotations

import logging

import pytest
from qlib.config import C


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """qlib's warnings reach pytest, whichever level an earlier test of the process gave it."""
    monkeypatch.setattr(logging.getLogger("qlib"), "propagate", True)
    monkeypatch.setitem(C, "logging_level", logging.WARNING)
    return caplog
