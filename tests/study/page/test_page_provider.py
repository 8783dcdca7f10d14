"""Where the page of recorders finds the provider that they were made on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qlib_mfgru.study.page.report import _named_provider


@pytest.mark.parametrize("by_frequency", [False, True])
def test_the_first_provider_that_is_there(by_frequency: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, or one for each frequency, all of which are needed."""
    here, gone = str(tmp_path), str(tmp_path / "gone")
    wanted = {"day": here, "15min": here} if by_frequency else here
    places: list[Any] = [None, gone, {"day": here, "15min": gone}, {}, wanted, {"day": here}]
    monkeypatch.setattr(
        "qlib_mfgru.study.page.report.saved", lambda recorder, _: {"qlib_init": {"provider_uri": places[recorder]}}
    )
    subjects: list[Any] = [SimpleNamespace(recorder=number) for number in range(len(places))]
    assert _named_provider(subjects) == wanted
    assert _named_provider(subjects[:4]) is None
