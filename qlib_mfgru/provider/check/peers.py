"""What most stocks have and some lack: the sign of files that were lost."""

from __future__ import annotations

from collections import Counter

import numpy as np

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger

_NEEDED = frozenset({"vwap", "amount", "factor"})


class Peers:
    """Remembers the files of all stocks, and compares each with the others."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._files: dict[str, set[tuple[str, str]]] = {}
        self._without_bars: set[str] = set()

    def add(self, stock: StoredStock) -> None:
        """Remember a stock that has any file."""
        if not stock.files:
            return
        self._files[stock.code] = stock.files
        places, close = self._stored.places, stock.values.get((DAY, "close"))
        if places is not None and close is not None and self._stored.freq not in stock.freqs:
            in_bars = np.isin(self._stored.all_days, places.days)
            if np.isfinite(close[in_bars]).any():
                self._without_bars.add(stock.code)

    def judge(self, ledger: Ledger) -> None:
        """Every file that more than half of the stocks with its frequency have, but the weights of indices."""
        with_freq = Counter(freq for files in self._files.values() for freq in {freq for freq, _ in files})
        with_file = Counter(file for files in self._files.values() for file in files)
        usual = sorted(file for file, n in with_file.items() if n * 2 > with_freq[file[0]])
        usual = [(freq, name) for freq, name in usual if not name.endswith("_weight")]
        for code, files in self._files.items():
            freqs = {freq for freq, _ in files}
            lacking = [file for file in usual if file[0] in freqs and file not in files]
            needed = [f"{code} {name}.{freq}" for freq, name in lacking if name in _NEEDED]
            others = [f"{code} {name}.{freq}" for freq, name in lacking if name not in _NEEDED]
            ledger.note("error", "files that most stocks have and these lack", needed, _LOST)
            ledger.note("warning", "further files that most stocks have and these lack", others, _LOST)
            if self._is_usual(with_freq):
                without = [code] if code in self._without_bars else []
                ledger.note("warning", f"stocks that trade on days with {self._stored.freq} bars and have none", without)

    def _is_usual(self, with_freq: Counter[str]) -> bool:
        """Whether most stocks have the finest bars."""
        return with_freq[self._stored.freq or ""] * 2 > len(self._files)


_LOST = "files were lost: make the stocks again"
