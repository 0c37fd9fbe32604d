"""``trainplat labels review``: what went back to people, what came of it, and how far they agree."""

from typing import Any

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.kinds import Kind
from resources.labeling.reviews.agreement import Agreement, AnnotatorScore
from resources.labeling.reviews.model import Review, ReviewState
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.labels.shown import labeling_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show which labels of DATASET went back to people and why, what came of it, and how far those who "
        "answer agree."
    ),
)
@click.argument("dataset")
@option("--all", "everything", is_flag=True, help=mark("Those too that people looked at again."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def review(dataset: str, everything: bool, as_json: bool) -> None:
    """Show them."""
    name, people = checked_dataset(dataset), labeling_service()
    DataService(people.home, people.database).newest_begun(name)  # a data set that is not there is told of
    reviews = people.reviews
    counts, agreement = reviews.counts(name), reviews.agreement(name)
    states = list(ReviewState) if everything else [ReviewState.RETURNED]
    found = reviews.of(name, states)
    if as_json:
        print_json(
            {
                "dataset": name,
                "passed": counts.passed,
                "in_review": counts.returned,
                "upheld": counts.upheld,
                "corrected": counts.corrected,
                "skipped": counts.skipped,
                "reviews": [review_document(one) for one in found],
                **agreement_document(agreement),
            }
        )
        return
    click.echo(
        _("{back} in review; of those looked at again {upheld} were upheld, {corrected} corrected.").format(
            back=counts.returned, upheld=counts.upheld, corrected=counts.corrected
        )
    )
    if found:
        titles = [_("sample"), _("task"), _("label"), _("model"), _("reason"), _("state"), _("age")]
        show_table(titles, [_row(one, reviews.kind_of(name)) for one in found])
    if agreement.alpha is not None:
        text = _("Krippendorff's alpha over {count} samples that several answered: {alpha}")
        click.echo(text.format(count=agreement.samples, alpha=f"{agreement.alpha:.3f}"))
    if agreement.annotators:
        show_table(
            [_("annotator"), _("answers"), _("with the majority"), _("known ones right")],
            [
                [str(one.annotator), str(one.answered), _share(one.agreement), _share(one.accuracy)]
                for one in agreement.annotators
            ],
        )


def review_document(one: Review) -> dict[str, Any]:
    """A review for machines."""
    doubted = one.doubted
    return {
        "sample": doubted.sample,
        "state": one.state.value,
        "reason": doubted.reason.value,
        "label": doubted.label,
        "likelihood": doubted.likelihood,
        "model": doubted.other,
        "model_likelihood": doubted.other_likelihood,
        "task": one.task,
        "returned_at": one.returned_at,
        "settled_at": one.settled_at,
        "settled_label": one.settled_label,
    }


def agreement_document(found: Agreement) -> dict[str, Any]:
    """The agreement for machines."""
    return {
        "answered_by_several": found.samples,
        "alpha": found.alpha,
        "agreement_by_class": dict(found.by_class),
        "annotators": [_annotator(one) for one in found.annotators],
    }


def _annotator(one: AnnotatorScore) -> dict[str, Any]:
    return {
        "annotator": one.annotator,
        "answered": one.answered,
        "compared": one.compared,
        "with_consensus": one.with_consensus,
        "known": one.known,
        "known_right": one.known_right,
    }


def _row(one: Review, kind: Kind) -> list[str]:
    doubted = one.doubted
    label, other = doubted.words(kind)
    model = f"{other} ({doubted.other_likelihood or 0:.0%})" if other else "–"
    return [
        doubted.sample[:12],
        str(one.task or "–"),
        label,
        model,
        _(doubted.reason.value),
        _(one.state.value),
        age(one.returned_at),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
