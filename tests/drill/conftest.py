"""The ledger of all rounds, and the markets that are worked on."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
import tiny_world
from ingest.vendor import make_bars, make_daily, write

from benchmarks.record import command_line
from benchmarks.record import write as write_record

from .ledger import ROUNDS, Ledger

_LEDGER = Ledger()
MAPPING = "bars: {files: bars/*, freq: 15min, stamps: end}\ndaily: {files: daily.csv}\n"


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return _LEDGER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of counts, and keep them if a file for them is named."""
    if _LEDGER.counts:
        terminalreporter.write_line(f"\n{_LEDGER}")
        if file := os.environ.get("MFGRU_DRILL_RECORD"):
            variables = f"{ROUNDS}={rounds} " if (rounds := os.environ.get(ROUNDS)) else ""
            words = terminalreporter.config.invocation_params.args
            command = command_line(f"{variables}python -m pytest", [str(word) for word in words])
            write_record(Path(file), command, {"rows": _LEDGER.rows()})


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vendor's folder: 16 stocks, 30 days, in four files."""
    return write_vendor(tmp_path_factory.mktemp("vendor"), [f"60{number:04d}" for number in range(16)])


@pytest.fixture(scope="session")
def other_vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another's, whose provider was there before."""
    return write_vendor(tmp_path_factory.mktemp("other"), [f"30{number:04d}" for number in range(4)])


@pytest.fixture(scope="session")
def early_vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first vendor's folder three days earlier, before its last four stocks were listed."""
    return write_vendor(tmp_path_factory.mktemp("early"), [f"60{number:04d}" for number in range(12)], n_days=27)


def write_vendor(folder: Path, stocks: list[str], n_days: int = 30) -> Path:
    bars = make_bars(stocks, pd.bdate_range("2025-01-02", periods=30))
    bars = bars[bars["datetime"].dt.normalize().isin(pd.bdate_range("2025-01-02", periods=n_days))]
    write(folder, daily=make_daily(bars))
    for number, code in enumerate(stocks[:4]):
        bars[bars["symbol"].isin(stocks[number::4])].to_parquet(folder / "bars" / f"{code}.parquet")
    (folder / "mapping.yaml").write_text(MAPPING)
    return folder


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A provider to make panels of and to train on."""
    return tiny_world.write_provider(tmp_path_factory.mktemp("drill") / "market")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of the processes that are started."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
