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
        histories = {name: history for name, history in subject.histories.items() if metric_of(history)}
        if not histories:
            without.append(subject.name)
            continue
        draw = partial(training_figure, drawer.called(subject.name), histories, subject.kept, drawer.words)
        blocks.append(drawer.drawn(draw, words("training_of", name=subject.name)))
        if said := _best_epochs(histories, subject.kept, words):
            blocks.append(Said(said))
    if without:
        blocks.append(Said([words("no_history", names=", ".join(without))], warning=True))
    if not blocks:
        blocks.append(Said([words("no_training")], warning=True))
    section = Section(f"figure-{TRAINING}", words("training_curves"), blocks, TRAINING)
    return Part("training", words("part_training"), [section])


def training_figure(name: str, histories: Mapping[str, History], kept: Mapping[int, int], words: Words) -> Figure:
    """Training and validation metric by epoch: a panel for each stage, a pair of lines for each trained model.

    Members of a mean may follow different metrics. The best epoch of a stage that is `kept`, where a recorder says it,
    is marked.
    """
    metrics, stages = {metric_of(history) for history in histories.values()}, stages_of(histories)
    followed = words("and").join(title for name, title in _TITLES.items() if name in metrics)
    titles = [words("stage", number=stage) for stage in stages] if len(stages) > 1 else [words("all_epochs")]
    figure, axes = style.panels(words("chart_training", name=name, metric=followed), titles, legend=True)
    many = len(histories) > 1
    for ax, stage in zip(axes, stages, strict=True):
        for number, history in enumerate(histories.values()):
            rows, metric = [row for row in history if row.get("stage", 1) == stage], metric_of(history)
            _draw(ax, rows, metric, words, labelled=number == 0, thin=many)
            if not many:
                _mark(ax, [row for row in rows if row["epoch"] == kept.get(stage)], metric)
        ax.set_xlabel(words("epoch"))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylabel(followed)
    style.place_legend(figure, *axes[0].get_legend_handles_labels())
    return figure


def _draw(ax: Axes, rows: History, metric: str, words: Words, labelled: bool, thin: bool) -> None:
    epochs = [row["epoch"] for row in rows]
    for part, color in (("train", style.BLUE), ("valid", style.ORANGE)):
        label = words(f"curve_{part}") if labelled else "_"
        values = [row[f"{part}_{metric}"] for row in rows]
        ax.plot(epochs, values, color=color, label=label, linewidth=0.8 if thin else 1.5, alpha=0.5 if thin else 1.0)


def _mark(ax: Axes, rows: History, metric: str) -> None:
    for row in rows:
        ax.axvline(row["epoch"], color=style.GREY, linestyle=":", linewidth=1)
        ax.plot(row["epoch"], row[f"valid_{metric}"], "o", color=style.ORANGE)


def metric_of(history: History) -> str:
    """The metric that validation follows, ``ic`` or ``rank_ic``; empty for rows of something else, or none."""
    needed = {name: {"epoch", f"train_{name}", f"valid_{name}"} for name in _TITLES}
    known = (name for name, keys in needed.items() if all(keys <= set(row) for row in history))
    return next(known, "") if history else ""


def stages_of(histories: Mapping[str, History]) -> list[int]:
    """Numbers of the stages, ascending."""
    return sorted({int(row.get("stage", 1)) for history in histories.values() for row in history})


def _best_epochs(histories: Mapping[str, History], kept: Mapping[int, int], words: Words) -> list[str]:
    """The best epoch of every stage, as the recorder says; of a rolling run the number of its models.

    It need not have the highest metric: means over neighbours or t-values may decide. Nor are its weights alone kept
    where several epochs are averaged, which is why no more is said of it.
    """
    if len(histories) > 1:
        return [words("many_trained", models=len(histories))]
    (history,) = histories.values()
    metric = metric_of(history)
    values = {(int(row.get("stage", 1)), row["epoch"]): row[f"valid_{metric}"] for row in history}
    return [
        words("best_epoch", stage=stage, epoch=epoch, metric=_TITLES[metric], value=f"{values[stage, epoch]:.4f}")
        if epoch
        else words("kept_at_zero", stage=stage, metric=_TITLES[metric])
        for stage, epoch in kept.items()
        if not epoch or (stage, epoch) in values
    ]
