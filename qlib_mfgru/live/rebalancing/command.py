"""``mfgru rebalance``: target weights and orders for the next trading day."""

from __future__ import annotations

import argparse
import os

from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError

DESCRIPTION = (
    "Target weights and an order list for the next trading day, decided by the code of the backtest's strategy from "
    "the provider's newest close. It prints and writes files; nothing is sent anywhere."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "recorder",
        nargs="?",
        help="a recorder's id, or an experiment's name: its newest one; of a study of one model that of the index",
    )
    parser.add_argument("--index", help="market of the provider, such as csi500 (default: that of the settings)")
    parser.add_argument(
        "--holdings", type=local_path, help="CSV of a broker's list of holdings; without one the portfolio is built"
    )
    parser.add_argument("--cash", type=float, help="money that is not in stocks, where the list has no row of it")
    parser.add_argument("--date", help="day whose close decides (default: the provider's last)")
    parser.add_argument("--limit", type=float, help="two-sided turnover limit (default: the first of the settings)")
    parser.add_argument(
        "--config",
        type=local_path,
        help="YAML with an IndexEnhancementRecord, or its settings (default: the recorder's, else the Huatai report's)",
    )
    parser.add_argument("--scores", type=local_path, help="file of mfgru predict --out, instead of the recorder's")
    parser.add_argument("--provider", type=local_path, help="folder of the qlib provider (default: the recorder's)")
    parser.add_argument(
        "--store", default="sqlite:///mlruns.db", help="mlflow's store of experiments (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=local_path, help="write the orders here: .csv, .parquet, or .json with all tables"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars, and one line of what was done")
    parser.add_argument("--weights", type=local_path, help="write the table of weights here, likewise")


def run(arguments: argparse.Namespace) -> int:
    """Decide, print, and write the files."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one bar a file, of a millisecond each
    if arguments.quiet:
        os.environ["TQDM_DISABLE"] = "1"  # tqdm looks when it is imported
    from qlib_mfgru.live.rebalancing import page
    from qlib_mfgru.live.rebalancing.rebalance import rebalance

    files = [page.check_name(path) for path in (arguments.out, arguments.weights) if path is not None]
    if len(files) > 1 and files[0].absolute() == files[1].absolute():
        raise InputError(f"{files[0]}: orders and weights would be one file: name another one by --weights")
    plan = rebalance(
        arguments.recorder,
        arguments.index,
        provider=arguments.provider,
        store=arguments.store,
        scores=arguments.scores,
        holdings=arguments.holdings,
        cash=arguments.cash,
        date=arguments.date,
        limit=arguments.limit,
        config=arguments.config,
    )
    if not arguments.quiet:
        print(page.text(plan))
    if plan.summary["status"] == "failed":
        raise InputError(f"no weights were found, nothing is written: {plan.summary['message']}")
    if arguments.out is not None:
        page.write_orders(plan, arguments.out)
    if arguments.weights is not None:
        page.write_weights(plan, arguments.weights)
    if files or arguments.quiet:
        print("" if arguments.quiet else "\n", page.done(plan, files), sep="")
    return 0
