"""``mfgru predict``: scores of the newest day by a recorder's saved model."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from qlib_mfgru.arguments import local_path
from qlib_mfgru.live.wording import counted

if TYPE_CHECKING:
    from qlib_mfgru.live.predicting.predict import Prediction

_HEAD = 10

DESCRIPTION = """Scores of the newest day whose bars are whole, by the model of a qrun; why stocks have none, and
whether the model is older than its retraining period."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "recorder",
        metavar="RECORDER",
        help="id of a recorder, or name of an experiment: its newest one; refused where a study left several models",
    )
    parser.add_argument(
        "--store", default="sqlite:///mlruns.db", help="mlflow's store of experiments (default: %(default)s)"
    )
    parser.add_argument("--provider", type=local_path, help="folder of the qlib provider (default: that of the qrun)")
    parser.add_argument("--date", metavar="DATE", help="predict this trading day, as it is")
    parser.add_argument("--last", type=int, default=1, metavar="N", help="so many trading days up to it (default: 1)")
    parser.add_argument("--out", type=local_path, metavar="FILE", help="write the scores to a .csv or .parquet file")
    parser.add_argument("--save", action="store_true", help="continue the recorder's pred.pkl up to the day")
    parser.add_argument(
        "--retrain", action="store_true", help="first train what a rolling model's calendar asks for, and nothing else"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars, and one line of what was done")


def run(arguments: argparse.Namespace) -> int:
    """Predict, say what there is to know, and write, save or print the scores."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one bar a file, of a millisecond each
    if arguments.quiet:
        os.environ["TQDM_DISABLE"] = "1"  # tqdm looks when it is imported
    from qlib_mfgru.live.predicting.predict import check_out, predict

    if arguments.out is not None:
        check_out(arguments.out)
    prediction = predict(
        arguments.recorder,
        provider=arguments.provider,
        store=arguments.store,
        date=arguments.date,
        last=arguments.last,
        save=arguments.save,
        retrain=arguments.retrain,
    )
    if arguments.out is not None:
        prediction.write(arguments.out)
    done = [
        *([_retrained(prediction)] if arguments.retrain else []),
        *([_saved(prediction)] if arguments.save else []),
        *([f"{counted(len(prediction.scores), 'score')} written to {arguments.out}"] if arguments.out else []),
    ]
    if arguments.quiet:
        told = [prediction.by, prediction.scored, *done, *prediction.not_whole, prediction.age.overdue]
        print("; ".join(filter(None, told)))
        return 0
    print("\n".join([str(prediction), *done]))
    if arguments.out is None and not arguments.save:
        print(_head(prediction))
    return 0


def _retrained(prediction: Prediction) -> str:
    if prediction.age.period is None:
        return "nothing was trained: a qrun trains a single model again, a RollingEnsembleModel has a calendar"
    if not prediction.retrained:
        return "no fold is missing: nothing was trained"
    return f"{counted(prediction.retrained, 'fold')} trained now, and kept in the recorder {prediction.source}"


def _saved(prediction: Prediction) -> str:
    saved = prediction.saved
    if prediction.beyond is not None:
        until, day = (f"{each:%Y-%m-%d}" for each in (prediction.beyond, prediction.day))
        return f"pred.pkl goes on after {until}: {day} is before, and was not saved"
    if not len(saved):
        return f"pred.pkl has {prediction.day:%Y-%m-%d} already: nothing was saved"
    if prediction.completed:
        more = f"{counted(prediction.completed, 'score')} more by bars that came late"
        return f"{saved[-1]:%Y-%m-%d} of pred.pkl replaced, with {more}"
    return f"pred.pkl continued by {counted(len(saved), 'day')}, {saved[0]:%Y-%m-%d} .. {saved[-1]:%Y-%m-%d}"


def _head(prediction: Prediction) -> str:
    """The highest scores of the day."""
    of_day = prediction.of_day
    rows = [
        f"{stock:<12} {score: .6f}{''.join(f'  {name}' for name in names)}".rstrip()
        for stock, score, *names in of_day.head(_HEAD).itertuples(index=False)
    ]
    more = [f"... and {len(of_day) - len(rows)} more; --out FILE writes all of them"] if len(of_day) > len(rows) else []
    return "\n".join(["  ".join([f"{'instrument':<12}", f"{'score':<8}", *of_day.columns[2:]]).rstrip(), *rows, *more])
