"""Numbers of stocks and files, which rows carry instead of text."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.spool.renames import Renames
from qlib_mfgru.provider.symbols import Codes, normalise_symbol


class Stored(NamedTuple):
    """What a provider that is updated holds: rows of its stocks and days were counted when they were read first.

    Attributes
    ----------
    n_stocks : int
        Its stocks have the numbers below.
    last_days : mapping of str to int
        The last day of ``bars``, which may come later than the others, and of ``daily``, since 1970.
    """

    n_stocks: int
    last_days: Mapping[str, int]

    def covers(self, name: str, stock: np.ndarray, stamps: np.ndarray) -> np.ndarray:
        """Which rows of an input are of it, by stock number, -1 where unknown, and stamp; shape (n,)."""
        return np.asarray((stock < self.n_stocks) & (stamps < np.datetime64(self.last_days[name] + 1, "D")))


class Registry:
    """Numbers stocks and files in the order in which they are met, and watches that an input spells a stock one way.

    Parameters
    ----------
    naming : {"ashare", "plain"}
        How the market names its stocks.

    Attributes
    ----------
    codes, files : list of str
        Code as qlib writes it, and file name, by number.
    renames : Renames or None
        Codes that changed, once they are read.
    stored : Stored or None
        The provider that is updated.
    """

    def __init__(self, naming: Codes = "ashare") -> None:
        self._naming: Codes = naming
        self.codes: list[str] = []
        self.files: list[str] = []
        self.renames: Renames | None = None
        self.stored: Stored | None = None
        self._numbers: dict[str, int] = {}
        self._first_spelling: dict[tuple[str, int], tuple[str, str]] = {}
        self._met: dict[tuple[str, bool], dict[str, tuple[int, str]]] = {}

    def file_number(self, name: str) -> int:
        """Number of a file that is read now."""
        self.files.append(name)
        return len(self.files) - 1

    def stock_number(self, spelling: str, input_name: str, file: str, *, index: bool = False) -> int:
        """Number of a stock, as of `stock_numbers`."""
        return self.stock_numbers([spelling], input_name, file, index=index)[0]

    def stock_numbers(self, spellings: Sequence[str], input_name: str, file: str, *, index: bool = False) -> list[int]:
        """Numbers of some stocks, -1 for what is no known code.

        Parameters
        ----------
        spellings : sequence of str
            As the vendor writes them.
        input_name, file : str
            Where they are written; within one input, a stock must be spelled one way.
        index : bool
            A bare code is an index's.

        Raises
        ------
        InputError
            If the input has spelled this stock another way before.
        """
        met = self._met.setdefault((input_name, index), {})
        for spelling in spellings:
            if spelling not in met:
                number = self._number(spelling, index)
                met[spelling] = number, file
                if number >= 0:
                    self._check_spelling(number, spelling, input_name, file)
        return [met[spelling][0] for spelling in spellings]

    def add_codes(self, codes: Iterable[str]) -> np.ndarray:
        """Numbers of codes as qlib writes them."""
        numbers = []
        for code in codes:
            numbers.append(self._numbers.setdefault(code, len(self.codes)))
            if numbers[-1] == len(self.codes):
                self.codes.append(code)
        return np.array(numbers, dtype="i4")

    @property
    def renamed(self) -> dict[str, str]:
        """The last code of each code that changed."""
        current = [] if self.renames is None else self.renames.current.tolist()
        return {self.codes[old]: self.codes[new] for old, new in enumerate(current) if old != new}

    def part(self) -> Registry:
        """One for a part of an input that is read on its own: it knows the codes of this one, and no file."""
        part = copy.copy(self)
        part.codes, part._numbers = self.codes.copy(), self._numbers.copy()
        part.files, part._first_spelling, part._met = [], {}, {}
        return part

    def join(self, part: Registry) -> tuple[np.ndarray, int]:
        """Meet what a part has met, in its order, as if it were read now; a part that has our numbers is no other.

        Returns
        -------
        stocks : ndarray of int, shape (n_codes of the part,)
            Number here of each of the part's stocks.
        first_file : int
            Number here of the part's first file; the others follow.

        Raises
        ------
        InputError
            If a stock is spelled in another way than before.
        """
        stocks = np.arange(len(part.codes), dtype="i4")
        if part is self:
            return stocks, 0
        for (input_name, index), met in part._met.items():
            ours = self._met.setdefault((input_name, index), {})
            for spelling, (number, file) in met.items():
                if spelling not in ours:
                    self.stock_number(spelling, input_name, file, index=index)
                if number >= 0:
                    stocks[number] = ours[spelling][0]
        self.files += part.files
        return stocks, len(self.files) - len(part.files)

    def _number(self, spelling: str, index: bool) -> int:
        try:
            code = normalise_symbol(spelling, self._naming, index=index)
        except ValueError:
            return -1
        number = self._numbers.setdefault(code, len(self.codes))
        if number == len(self.codes):
            self.codes.append(code)
        return number

    def _check_spelling(self, number: int, spelling: str, input_name: str, file: str) -> None:
        first, where = self._first_spelling.setdefault((input_name, number), (spelling, file))
        if first.strip() != spelling.strip():
            raise InputError(
                f"{input_name}: {self.codes[number]} is written {first!r} in {where} and {spelling!r} in {file}: two "
                "sources seem to be mixed; write a stock in one way, or leave one of them out"
            )
