"""``mfgru collect``: bars and tables from a vendor's server to files."""

from __future__ import annotations

import argparse

from qlib_mfgru.arguments import local_path

DESCRIPTION = """Collect bars, daily rows, adjustment, shares, industries, index members and levels from a vendor into
a folder that `mfgru ingest` reads by its mapping.yaml. A second run asks only for what is not there yet, also after an
interruption. See docs/collect.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("source", metavar="SOURCE", help="baostock (free, no account), tushare or xtquant")
    parser.add_argument("--since", required=True, metavar="DATE", help="first day, e.g. 2013-01-01")
    parser.add_argument("--until", metavar="DATE", help="last day; by default the newest that the vendor has")
    parser.add_argument("--freq", default="15min", help="of the bars: 5min, 15min (default), 30min or 60min")
    parser.add_argument("--out", type=local_path, required=True, metavar="DIR", help="folder that is made or continued")
    parser.add_argument("--stocks", nargs="+", default=(), metavar="CODE", help="only these; by default all A-shares")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="connections side by side (default 4)")
    parser.add_argument("--host", default="", help="a mirror of the vendor's server (baostock)")
    parser.add_argument("--port", type=int, default=0, help="of the server (baostock)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds for an answer (default 60)")
    parser.add_argument(
        "--patience", type=float, default=120.0, metavar="S", help="seconds of pauses before giving up (default 120)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(arguments: argparse.Namespace) -> int:
    """Collect and print the account; 0 once it is done, gaps or not."""
    from qlib_mfgru.live.collecting.run import collect
    from qlib_mfgru.live.collecting.source import Address, Patience

    collected = collect(
        arguments.out,
        arguments.since,
        source=arguments.source,
        until=arguments.until,
        freq=arguments.freq,
        stocks=tuple(arguments.stocks),
        jobs=arguments.jobs,
        address=Address(host=arguments.host, port=arguments.port, timeout=arguments.timeout),
        patience=Patience(total=arguments.patience),
        quiet=arguments.quiet,
    )
    print(collected)
    return 0
