"""The training curve: the metric by epoch, a panel for each stage (the report's figure 14)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.nn import METRIC_TITLES


def plot_training_curve(stages: Sequence[StageResult], path: Path) -> None:
    """Draw the training and validation metric of every stage and write a PNG."""
    figure = Figure(figsize=(5.2 * len(stages), 4.0), layout="constrained")
    axes = figure.subplots(1, len(stages), squeeze=False, sharey=True)[0]
    for stage, ax in zip(stages, axes, strict=True):
        _draw(stage, ax)
    axes[0].set_ylabel(METRIC_TITLES[stages[0].metric])
    figure.savefig(path, dpi=120)


def _draw(stage: StageResult, ax: Axes) -> None:
    epochs = [row["epoch"] for row in stage.rows]
    train, valid = ([row[f"{part}_{stage.metric}"] for row in stage.rows] for part in ("train", "valid"))
    ax.plot(epochs, train, color="tab:blue", label="training (mean of batches)")
    ax.plot(epochs, valid, color="tab:orange", label="validation (mean of dates)")
    if stage.base is not None:
        label = f"{'' if stage.kept else 'kept: '}base, {stage.base:.3f}"
        ax.axhline(stage.base, color="tab:green", linewidth=1, label=label)
    if stage.kept:
        ax.axvline(stage.epoch, color="0.6", linestyle=":", linewidth=1)
        label = f"kept: epoch {stage.epoch}, {stage.best:.3f}"
        ax.plot(stage.epoch, stage.best, "o", color="tab:orange", label=label)
    ax.set_title(stage.title)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=2, frameon=False)
