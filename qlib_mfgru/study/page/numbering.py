"""Which figure of the Huatai report a model's or an index's table or chart stands for."""

from __future__ import annotations

from typing import NamedTuple

MODELS = {
    "GRUModel": "gru",
    "AttentionGRUModel": "attention",
    "MixedGRUModel": "mixed",
    "IncrementalGRUModel": "incremental",
}
"""Class of a network -> the Huatai report's model."""
TRAINING, CORRELATION = "14", "33"


class FactorFigures(NamedTuple):
    """Figures that two models of the Huatai report share."""

    models: tuple[str, ...]
    table: str
    layers: str


FACTOR_FIGURES = (
    FactorFigures(("gru", "attention"), "15", "16-23"),
    FactorFigures(("mixed", "incremental"), "24", "25-32"),
)
OTHER_MODELS = FactorFigures((), "", "")


class IndexFigures(NamedTuple):
    """Figures of one index; empty for one that the Huatai report lacks."""

    settings: str = ""
    excess: str = ""
    performance: str = ""
    yearly: str = ""


INDEX_FIGURES = {
    "CSI300": IndexFigures("34", "35", "36", "37"),
    "CSI500": IndexFigures("38", "39", "40", "41"),
    "CSI1000": IndexFigures("42", "43", "44", "45"),
    "CNI2000": IndexFigures("46", "47", "48", "49"),
}
