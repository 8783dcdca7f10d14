"""``predict``: scores of the newest day by a recorder's model, and what there is to know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, staged_file
from qlib_mfgru.live.names import stock_names
from qlib_mfgru.live.opening import opened
from qlib_mfgru.live.predicting.age import Age, age_of, train_missing
from qlib_mfgru.live.predicting.keep import artifact_lock, continued, put
from qlib_mfgru.live.predicting.reasons import SCORED, reasons
from qlib_mfgru.live.predicting.subject import Subject
from qlib_mfgru.live.predicting.whole import newest_whole_day
from qlib_mfgru.provider import reader
from qlib_mfgru.report.recorders import MODEL, PREDICTION, load_prediction
from qlib_mfgru.report.scores import as_series
from qlib_mfgru.report.show.shown import Shown, View
from qlib_mfgru.settings import Count, Date, Flag, Settings

_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda table, file: table.to_csv(file, index=False),
    ".parquet": lambda table, file: table.to_parquet(file, index=False),
}


class PredictSettings(Settings):
    """Settings of `predict`."""

    date: Date | None = None
    last: Count = 1
    save: Flag = False
    retrain: Flag = False


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Shown):
    """Scores of a day, or of several up to it.

    Attributes
    ----------
    recorder : str
        Id of the recorder that was asked for, or found, and that `saved` days are added to.
    source : str
        Id of the recorder whose model predicted: another one where `recorder` is an enhancement's.
    model : str
    day : Timestamp
        The last day that is predicted.
    scores : Series
        Named ``score``, over (datetime, instrument).
    reasons : Series of str over instrument
        Of each stock that is listed on `day` ``scored``, or why it has no score.
    age : Age
        Of the network that predicts `day`.
    unfinished : dict of Timestamp to str
        Later days of the provider, and what their bars lack; empty where the date was given.
    retrained : int
        Folds that were trained now.
    saved : DatetimeIndex
        Days that were added to the recorder's prediction, or replaced in it.
    completed : int
        Stocks that have a score on `day` and had none when it was recorded: bars that came late. It is replaced then.
    beyond : Timestamp or None
        The last recorded day, where `day` is before it and not recorded: a prediction goes on at its end alone.
    names : mapping of str to str
        What stocks are called, by code, as far as it is known; in no file.
    """

    recorder: str
    source: str
    model: str
    day: pd.Timestamp
    scores: pd.Series
    reasons: pd.Series
    age: Age
    unfinished: dict[pd.Timestamp, str]
    retrained: int
    saved: pd.DatetimeIndex
    completed: int
    beyond: pd.Timestamp | None
    names: Mapping[str, str]

    def view(self) -> View:
        """The day's scores, the highest first."""
        of_day = self.of_day
        counts = f"{len(of_day):,} of {len(self.reasons):,} stocks have a score"
        scores = of_day["score"].astype(float).round(4)  # as float32, 0.1459 would show 17 digits
        return View(f"Prediction of {self.model} for {self.day:%Y-%m-%d}: {counts}", of_day.assign(score=scores))

    @property
    def of_day(self) -> pd.DataFrame:
        """The scores of `day` in columns ``instrument, score``, the highest first; ``name`` where names are known."""
        frame = self.table[self.table["datetime"] == self.day].drop(columns="datetime")
        return frame.assign(name=frame["instrument"].map(self.names).fillna("")) if self.names else frame

    @property
    def counts(self) -> pd.Series:
        """How many of the listed stocks have a score on `day`, and how many have none for each reason."""
        counts = self.reasons.value_counts()
        return counts[[SCORED, *counts.index.drop(SCORED)]]

    @property
    def table(self) -> pd.DataFrame:
        """The scores in columns ``datetime, instrument, score``, by date and then the highest first."""
        frame = self.scores.reset_index().sort_values(
            ["datetime", "score", "instrument"], ascending=[True, False, True], ignore_index=True
        )
        return frame[["datetime", "instrument", "score"]]

    def write(self, file: Path | str) -> None:
        """Write the table to a .csv or .parquet file, which is whole or not there.

        Raises
        ------
        InputError
            Another suffix, or a folder that does not exist.
        """
        file = check_out(Path(file))
        with locked(file, wait=True), staged_file(file) as new:
            _WRITERS[file.suffix](self.table, new)

    @property
    def scored(self) -> str:
        """In words, how many stocks have a score on `day`."""
        scored = int(self.counts[SCORED])
        return f"bars end on {self.day:%Y-%m-%d}: {scored} of {len(self.reasons)} listed stocks have a score"

    @property
    def not_whole(self) -> list[str]:
        """In words, days after `day` whose bars are not whole yet."""
        return [f"{day:%Y-%m-%d} is not whole yet: {fault}" for day, fault in self.unfinished.items()]

    @property
    def by(self) -> str:
        """In words, the model and the recorder."""
        behind = "" if self.source == self.recorder else f" with the model of recorder {self.source}"
        return f"{self.model}, recorder {self.recorder}{behind}"

    def __str__(self) -> str:
        lines = [
            f"{self.by}: {self.age}",
            *self.not_whole,
            self.scored,
            *(f"  {count} {reason}" for reason, count in self.counts.items() if reason != SCORED),
        ]
        return "\n".join(lines)


def check_out(file: Path) -> Path:
    """Refuse a file that `Prediction.write` could not write."""
    if file.suffix not in _WRITERS:
        raise InputError(f"{file} must end in {' or '.join(_WRITERS)}")
    if not file.parent.is_dir():
        raise InputError(f"{file}: there is no folder {file.parent}")
    if file.is_dir():
        raise InputError(f"{file} is a folder: name a file")
    return file


def predict(
    recorder: str,
    *,
    provider: str | Path | None = None,
    store: str | None = None,
    date: Any = None,
    last: int = 1,
    save: bool = False,
    retrain: bool = False,
) -> Prediction:
    """Scores of a day by a recorder's saved model; of bars after that day nothing is read.

    Parameters
    ----------
    recorder : str
        Its id, or the name of an experiment whose recorders are of one model: the newest finished one that has it.
    provider, store : optional
        See `opened`.
    date : date, optional
        By default the newest day whose bars are whole, see `newest_whole_day`.
    last : int
        How many trading days up to `date` are predicted.
    save : bool
        Continue the recorder's ``pred.pkl``, as qlib's PredUpdater does: every trading day after its last one up to
        `date` is added, whole or not at all; what is recorded stays as it is, but for its last day where that is
        `date` and more stocks have a score by now, as their bars came late: it is replaced.
    retrain : bool
        First train the folds of a rolling model that are missing on `date`, through the store of units, and put the
        longer model in the place of the one in its own recorder, `Prediction.source`.

    Raises
    ------
    InputError
        No such recorder, model, provider or day; recorders of several models; a day without a score.
    """
    settings = PredictSettings(date=date, last=last, save=save, retrain=retrain)
    subject = Subject.of(opened(recorder, MODEL, provider, store))
    days = reader.calendar("day")
    day, unfinished = _day(subject, days, settings.date)
    folds = _retrained(subject, day) if settings.retrain else 0
    position = int(days.searchsorted(day)) + 1
    wanted = days[max(position - settings.last, 0) : position]
    if settings.save:
        with artifact_lock(subject.recorder, PREDICTION):
            recorded = load_prediction(subject.recorder)
            known = as_series(recorded)
            recorded_days = known.index.get_level_values("datetime")
            until = recorded_days.max()
            beyond = until if day < until and day not in recorded_days else None
            added = days[(days > until) & (days <= day)]
            scores, dataset, age = _scores(subject, min([wanted[0], *added[:1]]), day)
            completed = len(scores.loc[day:].dropna().index.difference(known.dropna().index)) if day == until else 0
            if completed:
                recorded, added = recorded[recorded.index.get_level_values("datetime") < day], wanted[-1:]
            if len(added):
                put(subject.recorder, PREDICTION, continued(recorded, scores.loc[added[0] :]))
    else:
        added, completed, beyond = days[:0], 0, None
        scores, dataset, age = _scores(subject, wanted[0], day)
    scores = scores.loc[wanted[0] :]
    scored = scores.loc[day:].index.get_level_values("instrument")
    names = stock_names(reader.provider_path("day"))
    why = reasons(dataset.handler, subject.freqs(dataset), day, scored)
    ids = subject.recorder.id, subject.source.id
    return Prediction(*ids, subject.name, day, scores, why, age, unfinished, folds, added, completed, beyond, names)


def _day(
    subject: Subject, days: pd.DatetimeIndex, date: pd.Timestamp | None
) -> tuple[pd.Timestamp, dict[pd.Timestamp, str]]:
    """The day to predict, and what later days lack."""
    if date is None:
        dataset = subject.dataset(days[-1], days[-1])
        windows = dataset.handler.panels.windows
        return newest_whole_day(days, [windows[freq].source.panel for freq in subject.freqs(dataset)])
    if date not in days:
        raise InputError(
            f"{date:%Y-%m-%d} is no trading day of the provider, whose days run from {days[0]:%Y-%m-%d} to "
            f"{days[-1]:%Y-%m-%d}"
        )
    return date, {}


def _retrained(subject: Subject, day: pd.Timestamp) -> int:
    """Retrain, and leave the longer model in its own recorder."""
    folds = train_missing(subject, day)
    if folds:
        with artifact_lock(subject.source, MODEL):
            put(subject.source, MODEL, subject.network)
    return len(folds)


def _scores(subject: Subject, first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.Series, MultiFreqDataset, Age]:
    """Scores from one day to another in order of date and stock, the dataset that they were made on, and the age."""
    dataset = subject.dataset(first, last)
    freqs = subject.freqs(dataset)
    if not dataset.handler.panels.complete(freqs)[-1].any():
        counts = reasons(dataset.handler, freqs, last, pd.Index([])).value_counts()
        why = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        raise InputError(f"no stock can have a score on {last:%Y-%m-%d}: {why}")
    return subject.predict(dataset), dataset, age_of(subject, last)
