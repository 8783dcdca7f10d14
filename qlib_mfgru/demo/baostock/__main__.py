"""``python -m qlib_mfgru.demo.baostock``: a vendor's server on the loopback, to try an evening without a vendor."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from qlib_mfgru.demo.baostock import Server, VendorMarket, serving
from qlib_mfgru.errors import InputError
from qlib_mfgru.output import complain


def main() -> int:
    """Serve a demo market until Ctrl-C; a line on stdin is the last day that is known from then on."""
    parser = argparse.ArgumentParser(prog="python -m qlib_mfgru.demo.baostock", description=__doc__)
    parser.add_argument("--until", metavar="DATE", help="the last day that is known (default: the market's)")
    parser.add_argument("--port", type=int, default=40003, help="port of the loopback (default: %(default)s)")
    parser.add_argument("--stocks", type=int, default=60, help="number of stocks (default: %(default)s)")
    parser.add_argument("--days", type=int, default=250, help="trading days, from 2020-01-02 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    market = VendorMarket.of(
        n_stocks=arguments.stocks, n_days=arguments.days, intraday_days=arguments.days * 4 // 5, seed=arguments.seed
    )
    with suppress(KeyboardInterrupt), serving(market, arguments.until, port=arguments.port) as server:
        print(f"{market.days[0]:%Y-%m-%d} .. {server.today:%Y-%m-%d}, of {market.days[-1]:%Y-%m-%d}, at {server.port}")
        print("a date and Enter: the day is known; Ctrl-C: the end", flush=True)
        for line in sys.stdin:
            _known(server, line.strip())
        server.stopped.wait()
    return 0


def _known(server: Server, day: str) -> None:
    """Let the server know the days up to one."""
    try:
        server.today = day
    except ValueError:
        print(f"{day!r} is no date such as 2020-10-27", flush=True)
    else:
        print(f"known up to {server.today:%Y-%m-%d}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (InputError, OSError, ValueError, OverflowError) as error:  # the last of a port beyond 65535
        complain(f"baostock: {error}")
        sys.exit(2)
