"""The training curve: the metric by epoch, a panel for each stage (the report's figure 14)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.nn import METRIC_TITLES

if TYPE_CHECKING:  # charts' words and colours decide no weight: they are read when a curve is drawn
    from matplotlib.figure import Figure

_HEIGHT = 4.2


def plot_training_curve(stages: Sequence[StageResult], path: Path, subject: str = "", source: str = "") -> None:
    """Draw `training_curve` and write a PNG."""
    training_curve(stages, subject, source).savefig(path, dpi=120)


def training_curve(stages: Sequence[StageResult], subject: str = "", source: str = "") -> Figure:
    """The training and validation metric of every stage.

    Parameters
    ----------
    stages : sequence of StageResult
    subject : str
        Of what: model, seed, days of training.
    source : str
        The provider of the data.
    """
    from qlib_mfgru.report import style
    from qlib_mfgru.report.words import label

    metric, names = METRIC_TITLES[stages[0].metric], [stage.title for stage in stages]
    title, note = label("training", metric=metric), style.sourced(source)
    figure, axes = style.panels(title, names, subject, note, height=_HEIGHT)
    for stage, ax in zip(stages, axes, strict=True):
        ax.sharey(axes[0])
        _draw(stage, ax)
    axes[0].set_ylabel(metric)
    return figure


def _draw(stage: StageResult, ax: Axes) -> None:
    from qlib_mfgru.report.words import label

    epochs = [row["epoch"] for row in stage.rows]
    train, valid = ([row[f"{part}_{stage.metric}"] for row in stage.rows] for part in ("train", "valid"))
    ax.plot(epochs, train, color="tab:blue", label=label("train"))
    ax.plot(epochs, valid, color="tab:orange", label=label("valid"))
    if stage.base is not None:
        words = label("base" if stage.kept else "kept_base", value=stage.base)
        ax.axhline(stage.base, color="tab:green", linewidth=1, label=words)
    if stage.kept:
        ax.axvline(stage.epoch, color="0.6", linestyle=":", linewidth=1)
        words = label("kept", epoch=stage.epoch, value=stage.best)
        ax.plot(stage.epoch, stage.best, "o", color="tab:orange", label=words)
    ax.set_xlabel(label("epoch"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=2, frameon=False)
