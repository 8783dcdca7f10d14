"""Numbers of stocks and files, which rows carry instead of text."""

from __future__ import annotations

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.spool.renames import Renames
from qlib_mfgru.provider.symbols import Codes, normalise_symbol


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
    """

    def __init__(self, naming: Codes = "ashare") -> None:
        self._naming: Codes = naming
        self.codes: list[str] = []
        self.files: list[str] = []
        self.renames: Renames | None = None
        self._numbers: dict[str, int] = {}
        self._first_spelling: dict[tuple[str, int], tuple[str, str]] = {}
        self._known: dict[tuple[str, str, bool], int] = {}

    def file_number(self, name: str) -> int:
        """Number of a file that is read now."""
        self.files.append(name)
        return len(self.files) - 1

    def stock_number(self, spelling: str, input_name: str, file: str, *, index: bool = False) -> int:
        """Number of a stock, -1 for what is no known code.

        Parameters
        ----------
        spelling : str
            As the vendor writes it.
        input_name, file : str
            Where it is written; within one input, a stock must be spelled one way.
        index : bool
            A bare code is an index's.

        Raises
        ------
        InputError
            If the input has spelled this stock another way before.
        """
        key = (input_name, spelling, index)
        if key not in self._known:
            self._known[key] = self._new_spelling(spelling, input_name, file, index)
        return self._known[key]

    def _new_spelling(self, spelling: str, input_name: str, file: str, index: bool) -> int:
        try:
            code = normalise_symbol(spelling, self._naming, index=index)
        except ValueError:
            return -1
        number = self._numbers.setdefault(code, len(self.codes))
        if number == len(self.codes):
            self.codes.append(code)
        first, where = self._first_spelling.setdefault((input_name, number), (spelling, file))
        if first.strip() != spelling.strip():
            raise InputError(
                f"{input_name}: {code} is written {first!r} in {where} and {spelling!r} in {file}: two sources seem to "
                "be mixed; write a stock in one way, or leave one of them out"
            )
        return number
