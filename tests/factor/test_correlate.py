"""Correlation of factors: the number, the files, and the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experiments import start_qlib
from market_world import CODES, DAYS, market, random_scores, to_scores
from qlib.workflow import R
from slow_reference import preprocess

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTestSettings
from qlib_mfgru.factor.correlate import correlate

SETTINGS = FactorTestSettings(pools=["few"], n_layers=5, exclude=[])


def two() -> dict[str, pd.DataFrame]:
    """A prediction and a noisy copy of it."""
    first = random_scores(1)
    return {"a": to_scores(first), "b": to_scores(first + random_scores(2))}


def test_against_a_loop(market_qlib: Path) -> None:
    actual = correlate(two(), SETTINGS)
    fields = market()
    expected = []
    for date in DAYS.get_indexer(actual.dates):
        factors = []
        for scores in (random_scores(1), random_scores(1) + random_scores(2)):
            members = [*range(5, 20), *([20] if date < 34 else [])]
            known = {i: scores[date, i] for i in members if np.isfinite(scores[date, i])}
            factors.append(preprocess(known, fields["industry"][date], fields["market_cap"][date]))
        common = sorted(factors[0].keys() & factors[1].keys())
        both = [[factor[i] for i in common] for factor in factors]
        expected.append(np.corrcoef(both)[0, 1])
    assert actual.matrix.loc["a", "b"] == pytest.approx(np.mean(expected), abs=1e-5)
    assert actual.matrix.loc["b", "a"] == actual.matrix.loc["a", "b"]
    assert np.diag(actual.matrix) == pytest.approx([1, 1])
    assert 0.3 < actual.matrix.loc["a", "b"] < 0.9


def test_a_pool_of_three_stocks_is_enough(market_qlib: Path) -> None:
    """Fewer than there are layers, of which a correlation has none."""
    settings = FactorTestSettings(pools=["tiny"], winsorize=None, neutralize=[], exclude=[])
    actual, expected = correlate(two(), settings), []
    for date in DAYS.get_indexer(actual.dates):
        both = np.array([random_scores(1), random_scores(1) + random_scores(2)])[:, date, 5:8]
        both = both[:, np.isfinite(both).all(axis=0)]
        if both.shape[1] > 1 and (np.ptp(both, axis=1) > 1e-9).all():
            expected.append(np.corrcoef(both)[0, 1])
    assert len(expected) > 10
    assert actual.matrix.loc["a", "b"] == pytest.approx(np.mean(expected), abs=1e-5)
    alone = {name: frame[frame.index.get_level_values("instrument") == CODES[5]] for name, frame in two().items()}
    with pytest.raises(InputError, match=r"^tiny has at most 1 stocks on a test date, and needs 2: take another pool$"):
        correlate(alone, settings)


def test_predictions_that_never_meet(market_qlib: Path) -> None:
    frame = to_scores(random_scores())
    days = frame.index.get_level_values("datetime")
    with pytest.raises(InputError, match="share no dates"):
        correlate({"a": frame[days < DAYS[20]], "b": frame[days > DAYS[30]]}, SETTINGS)
    with pytest.raises(InputError, match="at least two"):
        correlate({"a": frame}, SETTINGS)


def record(prediction: pd.DataFrame) -> str:
    with R.start(experiment_name="correlate"):
        R.save_objects(**{"pred.pkl": prediction})
        return str(R.get_recorder().id)


def test_command(
    market_provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    start_qlib(market_provider, tmp_path / "mlruns.db")
    ids = [record(frame) for frame in two().values()]
    common = ["--provider", str(market_provider), "--pool", "few", "--exclude"]
    assert main(["correlate", f"one={ids[0]}", f"two={ids[1]}", *common]) == 0
    table = pd.read_csv("correlation/correlation.csv", index_col="factor")
    expected = correlate(two(), FactorTestSettings(pools=["few"], exclude=[])).matrix
    np.testing.assert_allclose(table, expected, atol=1e-12)
    assert list(table.columns) == ["one", "two"]
    assert f"{expected.loc['a', 'b']:.3f}" in capsys.readouterr().out
    assert Path("correlation/correlation.png").read_bytes().startswith(b"\x89PNG")
    assert main(["correlate", *ids, *common]) == 2
    assert "two recorders are called" in capsys.readouterr().err
    assert main(["correlate", "absent", ids[0], *common]) == 2
    assert "no recorder absent" in capsys.readouterr().err
    assert main(["correlate", *ids, *common, "--store", "sqlite:///absent.db"]) == 2
    assert not Path("absent.db").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "a correlation needs two recorders or more; there is only a"),
        (["a", "b", "--freq", "0"], "freq is 0: must be 'day', 'week', 'month' or a positive number of trading days"),
        (["a", "b", "--freq", "-5"], "freq is -5: must be 'day', 'week', 'month' or a positive number of trading days"),
        (["a", "b", "--exclude", "bst"], "exclude[0] is 'bst': must be one of 'st', 'suspended', 'limit_up'"),
        (
            ["a", "b", "--entry", "close"],
            "entry is 'close': must be one of 'next_vwap', 'next_close', 'next_open', 'same_close'",
        ),
        (["a", "b"], "there is no provider folder absent: name that of yours, or make it with mfgru ingest"),
    ],
)
def test_bad_options_get_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["correlate", *arguments, "--provider", "absent"]) == 2
    assert capsys.readouterr().err == f"mfgru: {message}\n"
