"""Calendar folds: when a model is retrained, what it may have seen by then, and which days it predicts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pandas as pd

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError

Window = Literal["expanding", "sliding"]


@dataclass(frozen=True)
class Fold:
    """One retraining; all dates are trading days, both ends included.

    Attributes
    ----------
    number : int
        From 1.
    train : (Timestamp, Timestamp)
        The training window, whose last part validates. It ends on the day before the test begins; the dataset leaves
        out those of its dates whose labels end later.
    test : (Timestamp, Timestamp)
        What this retraining predicts.
    """

    number: int
    train: tuple[pd.Timestamp, pd.Timestamp]
    test: tuple[pd.Timestamp, pd.Timestamp]

    @property
    def segments(self) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
        """Segments of a `MultiFreqDataset`."""
        return {"train": self.train, "test": self.test}

    def __str__(self) -> str:
        return f"fold {self.number} (test {self.test[0]:%Y-%m-%d} .. {self.test[1]:%Y-%m-%d})"


def calendar_folds(
    days: pd.DatetimeIndex,
    train_start: Any,
    test: Sequence[Any],
    retrain: str = "6M",
    window: Window = "expanding",
) -> list[Fold]:
    """Folds whose tests are the calendar's own months, quarters, half-years or years within `test`.

    Parameters
    ----------
    days : DatetimeIndex
        Trading days, ascending.
    train_start : date or None
        First day of the first training window; None for the first trading day.
    test : (first, last)
        What is to be predicted; None for the calendar's first or last day. The first and the last fold are as short
        as these make them.
    retrain : str
        Months between retrainings, a divisor of 12: ``1M``, ``3M``, ``6M`` (report: half-years from January and July),
        ``12M`` ...
    window : {"expanding", "sliding"}
        Train on everything since `train_start`, or move that date along with the retrainings.

    Raises
    ------
    InputError
        If the period is none, there is no trading day to predict, or none before it to train on.
    """
    months = _months(retrain)
    if window not in get_args(Window):
        raise InputError(f"window={window!r} must be one of {list(get_args(Window))}")
    start = days[0] if train_start is None else pd.Timestamp(train_start)
    first, last = (
        default if bound is None else pd.Timestamp(bound)
        for bound, default in zip(test, (days[0], days[-1]), strict=True)
    )
    tested = days[(days >= first) & (days <= last)]
    if len(tested) == 0:
        raise InputError(
            f"no trading day to predict between {test[0]} and {test[1]}; the calendar runs from {days[0]:%Y-%m-%d} to "
            f"{days[-1]:%Y-%m-%d}"
        )
    periods = (tested.year * 12 + tested.month - 1) // months
    folds = []
    for number, period in enumerate(periods.unique(), start=1):
        inside = tested[periods == period]
        shift = 0 if window == "expanding" else months * int(period - periods[0])
        folds.append(_fold(number, days, start + pd.DateOffset(months=shift), inside))
    return folds


def sample_dates(folds: Sequence[Fold], dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> pd.DataFrame:
    """What every fold trains on, validates on and predicts, in literal dates.

    Parameters
    ----------
    folds : sequence of Fold
    dataset : MultiFreqDataset
        Its grid of sample dates, its split and the gaps that its label needs are applied to each fold.
    stages : sequence of sequences of str
        Frequencies in use: each set of them has the sample dates on which all of its windows exist.

    Returns
    -------
    DataFrame
        A row a fold and stage: ``fold``, ``inputs``; first and last date and number of dates of ``train``, ``valid``
        and ``test``; ``label_end``, the last day that any training or validation label depends on.

    Raises
    ------
    InputError
        If a fold has no date to train or to validate on.
    """
    return pd.DataFrame([row for fold in folds for row in _rows(fold, dataset, stages)])


def _months(retrain: str) -> int:
    matched = re.fullmatch(r"(\d+)M", str(retrain))
    months = int(matched[1]) if matched else 0
    if not months or 12 % months:
        raise InputError(f"retrain={retrain!r} must be a number of months that divides a year: 1M, 2M, 3M, 4M, 6M, 12M")
    return months


def _fold(number: int, days: pd.DatetimeIndex, start: pd.Timestamp, tested: pd.DatetimeIndex) -> Fold:
    trained = days[(days >= start) & (days < tested[0])]
    if len(trained) == 0:
        raise InputError(
            f"fold {number}: no trading day from {start:%Y-%m-%d} on before its test, {tested[0]:%Y-%m-%d}"
        )
    return Fold(number, (trained[0], trained[-1]), (tested[0], tested[-1]))


def _rows(fold: Fold, dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    part, days = dataset.with_segments(fold.segments), dataset.handler.market.days
    for freqs in stages:
        row: dict[str, Any] = {"fold": fold.number, "inputs": "+".join(freqs)}
        spans = {name: part.sample_days(name, freqs) for name in ("train", "valid")}
        for name, positions in {**spans, "test": part.segment_days("test")}.items():
            if len(positions) == 0:
                raise InputError(
                    f"{fold} has no {name} date for {list(freqs)}: between {fold.train[0]:%Y-%m-%d} and "
                    f"{fold.train[1]:%Y-%m-%d} too few dates have complete windows and a label that ends in time"
                )
            row |= {
                f"{name}_first": days[positions[0]],
                f"{name}_last": days[positions[-1]],
                f"{name}_n": len(positions),
            }
        yield row | {"label_end": days[spans["valid"][-1] + dataset.handler.horizon]}
