"""The training curve: IC by epoch, a panel for each stage (the report's figure 14)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_training_curve(history: Sequence[dict[str, Any]], titles: Sequence[str], path: Path) -> None:
    """Draw train and validation IC of every stage and write a PNG.

    Parameters
    ----------
    history : sequence of dict
        ``stage, epoch, train_ic, valid_ic`` as `EpochRecord` has them.
    titles : sequence of str
        One for each stage.
    path : Path
    """
    figure = Figure(figsize=(5.2 * len(titles), 3.6), layout="constrained")
    axes = figure.subplots(1, len(titles), squeeze=False, sharey=True)[0]
    for stage, (title, ax) in enumerate(zip(titles, axes, strict=True), start=1):
        rows = [row for row in history if row["stage"] == stage]
        epochs = [row["epoch"] for row in rows]
        valid = [row["valid_ic"] for row in rows]
        best = max(range(len(rows)), key=valid.__getitem__)
        ax.plot(epochs, [row["train_ic"] for row in rows], color="tab:blue", label="training (mean of batches)")
        ax.plot(epochs, valid, color="tab:orange", label="validation (mean of dates)")
        ax.axvline(epochs[best], color="0.6", linestyle=":", linewidth=1)
        label = f"kept: epoch {epochs[best]}, {valid[best]:.3f}"
        ax.plot(epochs[best], valid[best], "o", color="tab:orange", label=label)
        ax.set_title(title)
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
        ax.legend(fontsize="small", loc="lower right")
    axes[0].set_ylabel("IC")
    figure.savefig(path, dpi=120)
