"""The pictures of a comparison, as PNG files of twice the resolution that they are shown in.

Drawn without pyplot: it keeps state that threads would share.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from resources.kinds import Kind
from resources.marks import boxes_in, same, told
from resources.registry.model import Scores
from resources.terms import Label
from trainplat_assets.comparison.comparing import Comparison, Places

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#2a6fb0"
ORANGE = "#d9822b"
GREEN = "#3f8f5b"
RED = "#b5473c"
INK = "#33383f"
FAINT = "#8a929c"
RESOLUTION_DPI = 200
SHOWN_PAIRS = 24
"""How many images a paired view shows at most."""
PAIRS_PER_ROW = 6
LONG_NAME = 4
"""Names of classes that are longer stand at a slant below a matrix."""


def accuracy_by_version(comparison: Comparison) -> bytes:
    """Each version's model and the champion after it; a star marks where the champion changed."""
    from matplotlib.ticker import PercentFormatter

    figure = _figure(7.2, 3.1)
    axes = figure.subplots()
    rounds = comparison.rounds
    versions = [f"{made.version}\n{made.labels} labels" for made in rounds]
    champion = [max(made.accuracy_new, made.accuracy_old or 0.0) for made in rounds]
    places = range(len(rounds))
    axes.step(places, champion, where="post", color=BLUE, linewidth=1.6, alpha=0.55, label="champion")
    axes.plot(
        places,
        [made.accuracy_new for made in rounds],
        color=ORANGE,
        linewidth=0.9,
        linestyle="--",
        marker="o",
        markersize=6,
        label="model of the version",
    )
    promoted = [place for place in places if rounds[place].promoted]
    axes.plot(
        promoted,
        [rounds[place].accuracy_new for place in promoted],
        color=BLUE,
        linestyle="none",
        marker="*",
        markersize=15,
        label="became champion",
    )
    for place in places:
        axes.annotate(
            f"{rounds[place].accuracy_new:.1%}",
            (place, rounds[place].accuracy_new),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )
    axes.set_xticks(list(places), labels=versions)
    axes.margins(x=0.08, y=0.28)
    bottom, top = axes.get_ylim()  # room for the labels, but no ticks beyond what can be reached
    axes.set_yticks([tick for tick in axes.get_yticks() if bottom <= tick <= 1])
    axes.set_ylim(bottom, top)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=1))
    measure = comparison.decision.measure.heading(str)
    axes.set_title(f"{measure} on the test set, by version", fontsize=10, color=INK)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
    _plain(axes)
    return _png(figure)


def confusions(comparison: Comparison) -> bytes:
    """What each model takes for what, the champion before on the left; mistakes in red."""
    evaluation = comparison.evaluation
    shown = [(f"{evaluation.version}, the new model", evaluation.challenger_scores)]
    if evaluation.champion_scores is not None:
        shown.insert(0, (f"champion before, from {comparison.old_version}", evaluation.champion_scores))
    figure = _figure(4.3 * len(shown), 4.5)
    for axes, (title, scores) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _confusion(axes, comparison.classes, scores)
        axes.set_title(f"{title}: {scores.accuracy:.1%}", fontsize=10, color=INK)
    return _png(figure)


def recall_difference(comparison: Comparison) -> bytes:
    """By how many points the recall of each class rose or fell."""
    from matplotlib.ticker import MaxNLocator

    differences = {label: 100 * value for label, value in comparison.recall_differences().items()}
    figure = _figure(7.2, 2.8)
    axes = figure.subplots()
    bars = axes.bar(
        list(differences),
        list(differences.values()),
        color=[GREEN if value >= 0 else RED for value in differences.values()],
        width=0.65,
    )
    axes.bar_label(
        bars,
        labels=[f"{v:+.1f}" if v else "0" for v in differences.values()],
        fontsize=8,
        padding=2,
        color=INK,
    )
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.margins(y=0.2)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.set_xlabel("class", fontsize=9, color=INK)
    axes.set_ylabel("points", fontsize=9, color=INK)
    axes.set_title("Recall of the new model minus that of the champion before", fontsize=10, color=INK)
    _plain(axes)
    return _png(figure)


def paired_view(comparison: Comparison, places: Places) -> bytes:
    """The pictures at ``places``, the surest first; with each what it is and what both models say.

    Boxes are drawn: those that are right in white, those of the new model over them.

    Of more than ``SHOWN_PAIRS`` the first are shown. Raises ValueError where there is nothing to pair.
    """
    old, new = comparison.old, comparison.new
    if old is None or len(places) == 0:
        raise ValueError("a paired view needs two models and at least one image")
    surest = surest_of(comparison, places)
    rows = -(-len(surest) // PAIRS_PER_ROW)
    figure = _figure(7.8, 1.9 * rows)
    grid = figure.subplots(rows, PAIRS_PER_ROW, squeeze=False).flatten()
    for axes in grid:
        axes.axis("off")
    for axes, place in zip(grid, surest, strict=False):
        truth = comparison.truth[place]
        axes.imshow(comparison.test.images[place], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"is {told(comparison.kind, truth)}", fontsize=9, color=INK, pad=3)
        if comparison.kind is Kind.BOXES:
            _boxes(axes, comparison, place)
        for line, (who, said) in enumerate((("before", old), ("new", new))):
            right = same(comparison.kind, said.answers[place], truth)
            axes.text(
                0.5,
                -0.06 - 0.15 * line,
                f"{who}: {told(comparison.kind, said.answers[place])} ({said.confidence[place]:.0%})",
                transform=axes.transAxes,
                ha="center",
                va="top",
                fontsize=8,
                color=GREEN if right else RED,
            )
    return _png(figure)


def surest_of(comparison: Comparison, places: Places) -> list[int]:
    """Those of which the new model is the surest, as many as a paired view shows."""
    confidence = comparison.new.confidence
    return sorted(places.tolist(), key=lambda place: (-confidence[place], place))[:SHOWN_PAIRS]


def _boxes(axes: "Axes", comparison: Comparison, place: int) -> None:
    from matplotlib.patches import Rectangle

    height, width = comparison.test.images[place].shape
    for answer, colour in ((comparison.truth[place], "white"), (comparison.new.answers[place], ORANGE)):
        for box in boxes_in(answer):
            corner = (box.x * width / 100 - 0.5, box.y * height / 100 - 0.5)
            sides = (box.width * width / 100, box.height * height / 100)
            axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=colour, linewidth=1))


def _confusion(axes: "Axes", classes: Sequence[Label], scores: Scores) -> None:
    totals = [max(1, sum(row)) for row in scores.confusion]
    for true, row in enumerate(scores.confusion):
        for said, count in enumerate(row):
            share = count / totals[true]
            # A few mistakes matter as much as many hits: their colour starts darker.
            strength = share if true == said else min(1.0, 0.15 + 3 * share)
            if count:
                colour = BLUE if true == said else RED
                axes.fill_between(
                    (said - 0.5, said + 0.5), true - 0.5, true + 0.5, color=colour, alpha=strength, lw=0
                )
                ink = "white" if strength > 0.55 else INK
                axes.text(said, true, str(count), ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(-0.5, len(classes) - 0.5)
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_aspect("equal")
    slanted = 30 if max(map(len, classes)) > LONG_NAME else 0
    axes.set_xticks(range(len(classes)), labels=list(classes), rotation=slanted)
    axes.set_yticks(range(len(classes)), labels=list(classes))
    axes.set_xlabel("the model says", fontsize=9, color=INK)
    axes.set_ylabel("it is", fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=0)
    axes.spines[:].set_color(FAINT)


def _plain(axes: "Axes") -> None:
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(visible=True, axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=RESOLUTION_DPI, layout="constrained")


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
