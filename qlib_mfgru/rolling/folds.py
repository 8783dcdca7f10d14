"""Calendar folds: when a model is retrained, on what it may train by then, and which days it predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from qlib.log import get_module_logger

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.settings import Segment, span
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling.settings import Retrain, Window, months
from qlib_mfgru.settings import Stamp, checked


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
        A wrong setting, no trading day to predict, or none before it to train on.
    """
    step = months(checked(Retrain, "retrain", retrain))
    checked(Window, "window", window)
    start = days[0] if train_start is None else checked(Stamp, "train_start", train_start)
    tested = _inside(days, test)
    periods = (tested.year * 12 + tested.month - 1) // step
    folds = []
    for number, period in enumerate(periods.unique(), start=1):
        shift = 0 if window == "expanding" else step * int(period - periods[0])
        folds.append(_fold(number, days, start + pd.DateOffset(months=shift), tested[periods == period]))
    return folds


def dataset_folds(dataset: MultiFreqDataset, train_start: Any, retrain: str, window: Window) -> list[Fold]:
    """`calendar_folds` of a dataset's test, trained from `train_start` or else where its training segment begins.

    Raises
    ------
    InputError
        As of `calendar_folds`, or the dataset has no test segment, or one for validation.
    """
    segments = dataset.segments
    if "test" not in segments or "valid" in segments:
        raise InputError(
            f"the dataset's segments are {list(segments)}: folds need `test`, and take their validation from the end "
            "of each training window, so `valid` must not be given"
        )
    start = segments.get("train", (None,))[0] if train_start is None else train_start
    return calendar_folds(dataset.handler.panels.days, start, segments["test"], retrain, window)


def tested_folds(folds: Sequence[Fold], dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> list[Fold]:
    """Folds of which a model predicts any day; the others are left out, as such days are of any test, and logged.

    Parameters
    ----------
    folds : sequence of Fold
    dataset : MultiFreqDataset
    stages : sequence of sequences of str
        As of `predicted_days`.

    Raises
    ------
    InputError
        If none is left.
    """
    days = predicted_days(dataset, (folds[0].test[0], folds[-1].test[1]), stages)
    tested = [fold for fold in folds if len(days[days.slice_indexer(*fold.test)])]
    for fold in folds:
        if fold not in tested:
            get_module_logger("mfgru").warning(
                f"{fold} is left out: no stock has complete windows of {' and '.join(_read(stages))} on any of its days"
            )
    return tested


def predicted_days(
    dataset: MultiFreqDataset, segment: str | slice | Sequence[Any], stages: Sequence[Sequence[str]]
) -> pd.DatetimeIndex:
    """Trading days of a segment on which any stock has complete windows of all that a model reads.

    Parameters
    ----------
    dataset : MultiFreqDataset
    segment : str, slice or (first, last)
    stages : sequence of sequences of str
        As of `Member.stage_freqs`; a model that does not say what it reads may predict all days.

    Raises
    ------
    InputError
        If there is no such day.
    """
    if not stages:
        return dataset.handler.panels.days[dataset.segment_days(segment)]
    return dataset.every_day(segment, _read(stages)).dates


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
        One row per fold and stage: ``fold``, ``inputs``; first and last date and number of dates of ``train``,
        ``valid`` and ``test``; ``label_end``, the last day that any training or validation label depends on.

    Raises
    ------
    InputError
        If a fold has no date to train or to validate on.
    """
    return pd.DataFrame([row for fold in folds for row in _rows(fold, dataset, stages)])


def _inside(days: pd.DatetimeIndex, test: Sequence[Any]) -> pd.DatetimeIndex:
    bounds = checked(Segment, "test", test)
    first, last = (default if date is None else date for date, default in zip(bounds, (days[0], days[-1]), strict=True))
    tested = days[(days >= first) & (days <= last)]
    if len(tested) == 0:
        raise InputError(
            f"the test ({span(bounds)}) holds no trading day to predict; the calendar runs from {days[0]:%Y-%m-%d} to "
            f"{days[-1]:%Y-%m-%d}"
        )
    return tested


def _fold(number: int, days: pd.DatetimeIndex, start: pd.Timestamp, tested: pd.DatetimeIndex) -> Fold:
    trained = days[(days >= start) & (days < tested[0])]
    if len(trained) == 0:
        raise InputError(
            f"fold {number}: no trading day from {start:%Y-%m-%d} on before its test, {tested[0]:%Y-%m-%d}"
        )
    return Fold(number, (trained[0], trained[-1]), (tested[0], tested[-1]))


def _read(stages: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(freq for freqs in stages for freq in freqs))


def _rows(fold: Fold, dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    of_fold, days = dataset.with_segments(fold.segments), dataset.handler.panels.days
    for freqs in stages:
        row: dict[str, Any] = {"fold": fold.number, "inputs": "+".join(freqs)}
        sampled = {name: of_fold.sample_days(name, freqs) for name in ("train", "valid")}
        for name, positions in {**sampled, "test": of_fold.segment_days("test")}.items():
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
        last = max(positions[-1] for positions in sampled.values())  # of blocks of validation the last may be empty
        yield row | {"label_end": days[last + dataset.handler.horizon]}
