"""Units of volume and amount by part of an input: a board, or files by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import PriceInput
from qlib_mfgru.ingest.mapping.prices import EVERYWHERE, amount_scale, volume_scale
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.provider.boards import RULES, board_of
from qlib_mfgru.refusals import nearest


class Units:
    """What one unit of a price input's volumes and amounts is, in shares and in yuan, row by row.

    A part is a board, where stocks have A-share codes, or else a pattern of the file's name, or of what is in an
    archive or an HDF5 file; the first that fits a row counts, and one that fits all files after those that do not. In
    an update these are all that were ever read.

    Raises
    ------
    InputError
        A part that is no board and fits no file, or is of the files of wide tables.
    """

    def __init__(self, prices: VendorInput[PriceInput]) -> None:
        source, session = prices.source, prices.session
        volumes = {part: volume_scale(unit, session) for part, unit in source.volume_units.items()}
        amounts = {part: amount_scale(unit) for part, unit in source.amount.items()}
        self._volume, self._amount = _Scales(prices, "volume", volumes), _Scales(prices, "amount", amounts)

    def apply(self, piece: Slice, values: dict[str, np.ndarray]) -> None:
        """Bring the volumes and amounts of a slice to shares and yuan, in place.

        Raises
        ------
        InputError
            If no part fits a row.
        """
        values["volume"] = values["volume"] * self._volume.of(piece)
        values["amount"] = values["amount"] * self._amount.of(piece)


class _Scales:
    """The scales of one field by part."""

    def __init__(self, prices: VendorInput[PriceInput], field: str, scales: Mapping[str, float]) -> None:
        self._name, self._codes = f"{prices.name}.{field}", prices.registry.codes
        self._boards = tuple(RULES) if prices.session.codes == "ashare" else ()
        self._files, everywhere = frozenset(prices.paths), dict.fromkeys(scales, False)
        files = {*(path.name for path in prices.paths), *(prices.so_far or ())}
        for part in scales:
            fits = [part == EVERYWHERE or fnmatchcase(file, part) for file in files]
            everywhere[part] = part not in self._boards and all(fits)
            if part in (EVERYWHERE, *self._boards):
                continue
            if prices.source.wide:
                why = f"a row of wide tables is of several files: write boards or '{EVERYWHERE}'"
                raise InputError(f"{self._name}: {part!r} is no board, and {why}")
            if not any(fits) and not _is_inside(part, prices):
                hint = nearest(part, self._boards) if self._boards else ""
                raise InputError(f"{self._name}: {part!r} is no board and fits no file's name{hint}")
        self._scales = {part: scales[part] for part in sorted(scales, key=everywhere.__getitem__)}

    def of(self, piece: Slice) -> np.ndarray | float:
        """Scale of each row, shape (n,), or one for all."""
        if next(iter(self._scales)) == EVERYWHERE:
            return self._scales[EVERYWHERE]
        stocks, places = np.unique(piece.stock, return_inverse=True)
        # rows of unknown stocks are dropped later
        names = [piece.path.name, *(folder.name for folder in piece.path.parents if folder in self._files)]
        by_stock = [self._of_stock(self._codes[stock], names) if stock >= 0 else 1.0 for stock in stocks]
        scales = np.array(by_stock)[places]
        if np.isnan(scales).any():
            row = piece.describe(int(np.isnan(scales).argmax()))
            raise InputError(f"{self._name}: none of {', '.join(self._scales)} fits {row}; add '{EVERYWHERE}'")
        return scales

    def _of_stock(self, code: str, names: Sequence[str]) -> float:
        """Scale of a stock's rows in a file of these names, NaN where no part fits."""
        board = board_of(code)
        fitting = (
            scale
            for part, scale in self._scales.items()
            if (part == board if part in self._boards else any(fnmatchcase(name, part) for name in names))
        )
        return next(fitting, np.nan)


def _is_inside(pattern: str, prices: VendorInput[PriceInput]) -> bool:
    """Whether a pattern may fit what is in an archive or an HDF5 file; in an update the earlier ones are not there."""
    if prices.so_far is not None:
        return True
    inside = (file for path in prices.paths for file in VendorFile.all_in(path, prices.source))
    return any(fnmatchcase(file.label.name, pattern) for file in inside)
