"""``mfgru correlate``: how alike the factors of several recorders are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError

_SETTINGS = ("freq", "neutralize", "exclude", "entry")

DESCRIPTION = """Mean per-date correlation of several recorders' predictions, preprocessed as in the factor test
(figure 33 of the Huatai report): table, CSV and heatmap."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "recorders", nargs="+", metavar="[NAME=]RECORDER", help="ids of two or more recorders that hold a pred.pkl"
    )
    parser.add_argument("--provider", type=local_path, required=True, help="folder of the qlib provider")
    parser.add_argument(
        "--store", default="sqlite:///mlruns.db", help="mlflow's store of experiments (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=local_path, default=Path("correlation"), help="folder to write to (default: %(default)s)"
    )
    parser.add_argument("--pool", default="all", help="market of the provider (default: %(default)s)")
    options = parser.add_argument_group("settings of the factor test", argument_default=argparse.SUPPRESS)
    options.add_argument("--freq", type=_freq, help="day, week, month or a number of trading days (default: week)")
    options.add_argument("--neutralize", nargs="*", metavar="FIELD", help="daily fields (default: industry market_cap)")
    options.add_argument(
        "--exclude", nargs="*", metavar="RULE", help="which stocks to leave out (default: st suspended limit_up)"
    )
    options.add_argument(
        "--entry", help="next_vwap, next_close, next_open or same_close, at which exclusions look (default: next_vwap)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Correlate, print the table, and write the files."""
    from qlib_mfgru.factor.correlate import correlate
    from qlib_mfgru.factor.settings import FactorTestSettings
    from qlib_mfgru.report.recorders import init_qlib

    if len(arguments.recorders) < 2:
        raise InputError(f"a correlation needs two recorders or more; there is only {arguments.recorders[0]}")
    options = {name: value for name, value in vars(arguments).items() if name in _SETTINGS}
    settings = FactorTestSettings.of(pools=[arguments.pool], **options)
    init_qlib(str(arguments.provider), arguments.store)
    correlation = correlate(_predictions(arguments.recorders), settings)
    correlation.write(arguments.out)
    print(correlation.document())
    print(f"written to {arguments.out}")
    return 0


def _freq(text: str) -> str | int:
    try:
        return int(text)
    except ValueError:
        return text


def _predictions(recorders: list[str]) -> dict[str, Any]:
    """Predictions by name; a name that comes twice is an InputError that says how to choose another."""
    from qlib_mfgru.report.recorders import find_recorder, load_prediction, model_name

    predictions: dict[str, Any] = {}
    for text in recorders:
        own_name, _, recorder_id = text.rpartition("=")
        recorder = find_recorder(recorder_id)
        name = own_name or model_name(recorder)
        if name in predictions:
            raise InputError(f"two recorders are called {name}: name them, e.g. other={recorder_id}")
        predictions[name] = load_prediction(recorder)
    return predictions
