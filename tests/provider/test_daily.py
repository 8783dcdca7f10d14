"""Daily fields of a market that has no limits and no ST, and the words for a field that is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib
from qlib.log import get_module_logger

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import ASHARE, MANIFEST, SESSIONS, market_session, new_provider, read_daily

DAYS = pd.bdate_range("2024-01-02", periods=3)
STOCKS = ["AAA", "BBB"]
NEEDS = {"close": "prices", "limit_up": "limits", "is_st": "flags"}


def use(target: Path, session: str, **more: np.ndarray) -> None:
    """qlib on two stocks; the second one has no more than closes, from the second day on."""
    with new_provider(target, DAYS, session=SESSIONS[session]) as writer:
        writer.write_features("AAA", "day", 0, {"close": np.arange(3.0), **more})
        writer.write_features("BBB", "day", 1, {"close": np.array([7.0, 8.0])})
        writer.write_instruments("all", [(code, DAYS[0], DAYS[-1]) for code in STOCKS])
        writer.write_manifest({})
    qlib.init(provider_uri=str(target), region="us", kernels=1, logging_level=20)


def test_what_the_session_does_not_have_is_nowhere_known_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "info", said.append)
    use(tmp_path / "p", "us")
    fields = read_daily(STOCKS, NEEDS)
    np.testing.assert_array_equal(fields["close"], [[0, np.nan], [1, 7], [2, 8]])
    for name in ("limit_up", "is_st"):
        assert (fields[name].shape, fields[name].dtype) == ((3, 2), np.float32)
        assert np.isnan(fields[name]).all()
    assert said == ["the market's session has no $limit_up, $is_st: no stock is at a limit or flagged by it"]


def test_what_is_stored_all_the_same_is_read(tmp_path: Path) -> None:
    use(tmp_path / "p", "us", is_st=np.array([0.0, 1.0, 0.0]))
    np.testing.assert_array_equal(read_daily(STOCKS, NEEDS)["is_st"][:, 0], [0, 1, 0])


def test_a_missing_field_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    use(tmp_path / "p", "us", amount=np.ones(3))
    with pytest.raises(
        InputError, match=r"^the provider .*/p has no \$amuont \(the nearest is \$amount\) for a rule: ingest it$"
    ):
        read_daily(STOCKS, {**NEEDS, "amuont": "a rule"})
    use(tmp_path / "q", "ashare")
    with pytest.raises(
        InputError, match=r"/q has no \$limit_up for limits, \$is_st for flags: ingest them \(its mapping needs st\)$"
    ):
        read_daily(STOCKS, NEEDS)


@pytest.mark.parametrize(
    ("manifest", "lines"), [("{}", 1), (None, 1), ('{"made_by": "mfgru ingest"}', 0)], ids=["empty", "none", "earlier"]
)
def test_a_session_that_is_assumed_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str | None, lines: int
) -> None:
    """A provider of another program says nothing of its market; ours said nothing while all were of A-shares."""
    use(tmp_path / "p", "us")
    (tmp_path / "p" / MANIFEST).unlink()
    if manifest is not None:
        (tmp_path / "p" / MANIFEST).write_text(manifest)
    said: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "info", said.append)
    assert market_session() == market_session() == ASHARE
    assert said == [f"the provider {tmp_path / 'p'} names no session: it is taken for a market of A-shares"] * lines
