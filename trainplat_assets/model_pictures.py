"""Pictures of models: the curve of a training, and what a model takes for what.

Small PNG files, drawn without pyplot: it keeps state that threads would share.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from resources.learning.continual.forgetting import VersionMatrix
from resources.learning.model import EpochPoint
from resources.learning.structure.model import Outcome
from resources.registry.model import RoundEvaluation, Scores
from resources.terms import Label
from trainplat_assets.pictures import RESOLUTION_DPI

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#2a6fb0"
ORANGE = "#d9822b"
INK = "#33383f"
SHOWN_VERSIONS = 20
"""The newest ones; a picture of a hundred rows says nothing."""


def curve_picture(curve: Sequence[EpochPoint]) -> bytes:
    """Loss and accuracy of a training, epoch by epoch, as a PNG."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(7.2, 2.8), dpi=RESOLUTION_DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [point.epoch for point in curve]
    for axes, values, title, colour in (
        (left, [point.loss for point in curve], "Training loss", ORANGE),
        (right, [point.accuracy for point in curve], "Training accuracy", BLUE),
    ):
        axes.plot(epochs, values, color=colour, linewidth=1.8)
        axes.set_title(title, fontsize=10, color=INK)
        axes.set_xlabel("epoch", fontsize=9, color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.tick_params(labelsize=8, colors=INK)
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_ylim(bottom=0)
    right.set_ylim(top=1.02)
    right.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    return _png(figure)


def front_picture(outcome: Outcome) -> bytes:
    """What a structure search measured: accuracy by latency, larger networks as larger dots, as a PNG."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(5.4, 3.4), dpi=RESOLUTION_DPI, layout="constrained")
    axes = figure.subplots()
    largest = max(one.parameters for one in outcome.measured)
    for one in outcome.measured:
        axes.scatter(
            one.latency_ratio,
            one.accuracy,
            s=20 + 120 * one.parameters / largest,
            color=BLUE if one in outcome.front else "#c3c8cf",
            edgecolors=ORANGE if one == outcome.chosen else INK,
            linewidths=2.2 if one == outcome.chosen else 0.6,
        )
    axes.annotate("champion's", (outcome.reference.latency_ratio, outcome.reference.accuracy), fontsize=8)
    axes.set_xlabel("latency ÷ the champion's", fontsize=9, color=INK)
    axes.set_ylabel("validation accuracy", fontsize=9, color=INK)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=1))
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def confusion_picture(evaluation: RoundEvaluation) -> bytes:
    """What each model takes for what, champion and challenger side by side, as a PNG."""
    from matplotlib.figure import Figure

    shown = [(f"{evaluation.version} (model {evaluation.challenger})", evaluation.challenger_scores)]
    if evaluation.champion_scores is not None:
        shown.insert(0, (f"champion before (model {evaluation.champion})", evaluation.champion_scores))
    figure = Figure(figsize=(3.9 * len(shown), 4.1), dpi=RESOLUTION_DPI, layout="constrained")
    for axes, (title, scores) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _draw_confusion(axes, evaluation.classes, scores)
        axes.set_title(f"{title}: {scores.accuracy:.1%} {scores.measure.words}", fontsize=10, color=INK)
    return _png(figure)


def forgetting_picture(matrix: VersionMatrix) -> bytes:
    """What each version knows of each task, the newest at the bottom, as a PNG."""
    from matplotlib.figure import Figure

    rows = matrix.rows[-SHOWN_VERSIONS:]
    columns = range(len(matrix.tasks))
    shares = [[row.on(task) for task in columns] for row in rows]
    size = (2.2 + 1.3 * len(matrix.tasks), 1.2 + 0.32 * len(rows))
    figure = Figure(figsize=size, dpi=RESOLUTION_DPI, layout="constrained")
    axes = figure.subplots()
    drawn = [[float("nan") if share is None else share for share in row] for row in shares]
    axes.imshow(drawn, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(columns, labels=[task.replace(": ", "\n") for task in matrix.tasks])
    axes.set_yticks(range(len(rows)), labels=[row.version for row in rows])
    axes.set_title("right answers on each task, by version", fontsize=10, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=0)
    for row, values in enumerate(shares):
        for column, share in enumerate(values):
            if share is not None:
                colour = "white" if share > 0.5 else INK
                axes.text(column, row, f"{share:.1%}", ha="center", va="center", fontsize=8, color=colour)
    return _png(figure)


def _draw_confusion(axes: "Axes", classes: Sequence[Label], scores: Scores) -> None:
    shares = [[count / max(1, sum(row)) for count in row] for row in scores.confusion]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(classes)), labels=list(classes))
    axes.set_yticks(range(len(classes)), labels=list(classes))
    axes.set_xlabel("the model says", fontsize=9, color=INK)
    axes.set_ylabel("it is", fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=0)
    for row, counts in enumerate(scores.confusion):
        for column, count in enumerate(counts):
            if count:
                colour = "white" if shares[row][column] > 0.5 else INK
                weight = "normal" if row == column else "bold"
                axes.text(
                    column, row, str(count), ha="center", va="center", fontsize=8, color=colour, weight=weight
                )


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
