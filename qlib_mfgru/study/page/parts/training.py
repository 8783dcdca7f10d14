"""Training curves: figure 14.

The plot that a training leaves (`qlib_mfgru.model.training.curve`) is of one model's `StageResult`: it imports torch,
which a page need not wait for, and has no room for the units of a rolling run. This one is drawn from the rows of
epochs that recorders keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from qlib_mfgru.report import style
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Part, Said, Section
from qlib_mfgru.study.page.numbering import TRAINING
from qlib_mfgru.study.page.subjects import Subject
from qlib_mfgru.study.page.words import Words

_TITLES = {"ic": "IC", "rank_ic": "RankIC"}

History = Sequence[Mapping[str, Any]]


def training_part(subjects: Sequence[Subject], drawer: Drawer, words: Words) -> Part:
    """The metric of every epoch of all models that were trained here."""
    blocks: list[Block] = []
    without = []
    for subject in subjects:
        if subject.is_copy:
            continue
        if not any(subject.histories.values()):
            without.append(subject.name)
            continue
        draw = partial(training_figure, drawer.called(subject.name), subject.histories, drawer.words)
        blocks.append(drawer.drawn(draw, words("training_of", name=subject.name)))
        blocks.append(Said(_best_epochs(subject.histories, words)))
    if without:
        blocks.append(Said([words("no_history", names=", ".join(without))], warning=True))
    if not blocks:
        blocks.append(Said([words("no_training")], warning=True))
    section = Section(f"figure-{TRAINING}", words("training_curves"), blocks, TRAINING)
    return Part("training", words("part_training"), [section])


def training_figure(name: str, histories: Mapping[str, History], words: Words) -> Figure:
    """Training and validation metric by epoch: a panel for each stage, a pair of lines for each trained model."""
    metric, stages = metric_of(histories), stages_of(histories)
    titles = [words("stage", number=stage) for stage in stages] if len(stages) > 1 else [words("all_epochs")]
    figure, axes = style.panels(words("chart_training", name=name), titles, legend=True)
    many = len(histories) > 1
    for ax, stage in zip(axes, stages, strict=True):
        for number, history in enumerate(histories.values()):
            rows = [row for row in history if row.get("stage", 1) == stage]
            _draw(ax, rows, metric, words, labelled=number == 0, thin=many)
        ax.set_xlabel(words("epoch"))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylabel(_TITLES.get(metric, metric))
    style.place_legend(figure, *axes[0].get_legend_handles_labels())
    return figure


def _draw(ax: Axes, rows: History, metric: str, words: Words, labelled: bool, thin: bool) -> None:
    epochs = [row["epoch"] for row in rows]
    for part, color in (("train", style.BLUE), ("valid", style.ORANGE)):
        label = words(f"curve_{part}") if labelled else "_"
        values = [row[f"{part}_{metric}"] for row in rows]
        ax.plot(epochs, values, color=color, label=label, linewidth=0.8 if thin else 1.5, alpha=0.5 if thin else 1.0)
    if rows and not thin:
        best = best_epoch(rows, metric)
        ax.axvline(best["epoch"], color=style.GREY, linestyle=":", linewidth=1)
        ax.plot(best["epoch"], best[f"valid_{metric}"], "o", color=style.ORANGE)


def metric_of(histories: Mapping[str, History]) -> str:
    """The metric that validation follows: ``ic`` or ``rank_ic``."""
    names = {name for history in histories.values() for row in history for name in row}
    return next(name for name in _TITLES if f"valid_{name}" in names)


def stages_of(histories: Mapping[str, History]) -> list[int]:
    """Numbers of the stages, ascending."""
    return sorted({int(row.get("stage", 1)) for history in histories.values() for row in history})


def best_epoch(rows: History, metric: str) -> Mapping[str, Any]:
    """The first of the epochs with the largest validation metric, whose weights are kept."""
    return max(rows, key=lambda row: row[f"valid_{metric}"])


def _best_epochs(histories: Mapping[str, History], words: Words) -> list[str]:
    """The best epoch of every stage; of a rolling run the number of its models."""
    metric = metric_of(histories)
    if len(histories) > 1:
        return [words("many_trained", models=len(histories))]
    (history,) = histories.values()
    by_stage = {stage: [row for row in history if row.get("stage", 1) == stage] for stage in stages_of(histories)}
    best = {stage: best_epoch(rows, metric) for stage, rows in by_stage.items()}
    return [
        words(
            "best_epoch", stage=stage, epoch=row["epoch"], metric=_TITLES[metric], value=f"{row[f'valid_{metric}']:.4f}"
        )
        for stage, row in best.items()
    ]
