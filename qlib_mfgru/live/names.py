"""What stocks are called, for people to read: no decision looks at it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qlib_mfgru.ingest.state.store import RECORD
from qlib_mfgru.live.collecting.store import UNIVERSE


def stock_names(provider: Path) -> dict[str, str]:
    """Names by code that ``mfgru collect`` keeps in the folder that a provider was made from, as it last heard them.

    Empty where the provider was made otherwise, or that folder is not here; where its file is damaged too, which the
    next collection says and mends.
    """
    try:
        source = Path(json.loads((provider / RECORD).read_text(encoding="utf-8"))["source"])
        table = pq.read_table(source / UNIVERSE, columns=["symbol", "name"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return {}
    return {code: name for code, name in zip(*(column.to_pylist() for column in table.columns), strict=True) if name}
