"""How strong the planted signals of demo markets are: the table of docs/demo_market.md.

    python benchmarks/demo_signals.py [--json FILE]

Mean RankIC of each market's truth with the 10-day return, as ``mfgru demo`` prints it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from record import add_options, keep
from tqdm.auto import tqdm

from qlib_mfgru.demo import make_demo_market

MARKETS: dict[str, dict[str, Any]] = {
    "mfgru demo": {},
    "--seed 1": {"seed": 1},
    "--seed 2": {"seed": 2},
    "--seed 3": {"seed": 3},
    "--session us": {"session": "us"},
    "--session us --seed 1": {"session": "us", "seed": 1},
    "--session hk": {"session": "hk"},
    "--session crypto": {"session": "crypto"},
    "--daily-strength 0 --intraday-strength 0": {"daily_strength": 0, "intraday_strength": 0},
}
"""Options of ``mfgru demo``, and what they are in Python."""


def main() -> None:
    """Make the markets one after another and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            words: make_demo_market(Path(folder) / "market", **settings).oracle_rank_ic
            for words, settings in tqdm(MARKETS.items(), "markets")
        }
    print(pd.DataFrame(figures).T.round(3).to_string())
    keep(options.json, {"rank_ic": figures})


if __name__ == "__main__":
    main()
