"""Levels of indices, stored as daily features under their codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import FileInput
from qlib_mfgru.ingest.read.intake import day_numbers, stamp_checks
from qlib_mfgru.ingest.read.slices import PRICES, iter_slices, stamp_column
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.stamps import parse_stamps
from qlib_mfgru.ingest.report import Account
from qlib_mfgru.provider.writer import ProviderWriter


def write_index_levels(
    writer: ProviderWriter,
    source: FileInput,
    paths: Sequence[Path],
    days: np.ndarray,
    *,
    registry: Registry,
    account: Account,
) -> list[str]:
    """Write the levels of indices under their codes; return the codes.

    Levels on days that are not in the stocks' calendar are counted out.
    """
    part_account = account.input("index")
    frames = []
    for part in iter_slices(
        paths, source, ("close",), ("datetime", "date", *PRICES[:3], "volume", "amount"), owner="index",
        registry=registry, account=part_account, index=True,
    ):  # fmt: skip
        stamps = parse_stamps(stamp_column(part))
        values, bad = part.numbers([*PRICES, "volume", "amount"])
        checks = [*stamp_checks(part, stamps), ("text where a number belongs", bad)]
        outside = ~np.isin(day_numbers(stamps), days)
        good = part.drop(
            part_account, [*checks, ("no close", ~(values["close"] > 0)), ("not in the stocks' calendar", outside)]
        )
        frame = pd.DataFrame({"code": part.code, "day": day_numbers(stamps), **values})[good]
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    twice = table.duplicated(["code", "day"]).to_numpy()
    part_account.drop_count("duplicate row", int(twice.sum()), (registry.codes[n] for n in table["code"][twice]))
    part_account.kept += int((~twice).sum())
    codes = []
    table = table[~twice]
    for number in sorted(set(table["code"])):
        codes.append(registry.codes[number])
        levels = table[table["code"] == number].drop(columns="code").set_index("day").reindex(days)
        _write_levels(writer, codes[-1], levels)
    return codes


def _write_levels(writer: ProviderWriter, code: str, levels: pd.DataFrame) -> None:
    known = np.flatnonzero(levels["close"].notna())
    levels = levels.iloc[known[0] : known[-1] + 1].dropna(axis=1, how="all")
    fields = {str(name): values.to_numpy() for name, values in levels.items()}
    writer.write_features(code, "day", int(known[0]), fields | {"factor": np.ones(len(levels))})
