"""How many questions there are, of whom, and which versions have asked all of theirs."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from resources.asking import Why
from resources.labeling.model import (
    QuestionCount,
    QuestionState,
)
from resources.labeling.tables import QUESTIONS, ROUNDS
from resources.terms import DatasetName, Label, VersionKey


def models_waiting(connection: Connection, dataset: DatasetName) -> list[tuple[VersionKey, str]]:
    """Of which versions questions are open, and whose guesses they show."""
    statement = (
        select(QUESTIONS.c.version, QUESTIONS.c.model_version)
        .where(QUESTIONS.c.dataset == dataset, QUESTIONS.c.state == QuestionState.OPEN)
        .distinct()
        .order_by(QUESTIONS.c.version, QUESTIONS.c.model_version)
    )
    return [(VersionKey(row.version), row.model_version) for row in connection.execute(statement)]


def count_states(connection: Connection, dataset: DatasetName) -> dict[QuestionState, int]:
    """How many questions are in which state."""
    statement = (
        select(QUESTIONS.c.state, func.count().label("number"))
        .where(QUESTIONS.c.dataset == dataset)
        .group_by(QUESTIONS.c.state)
    )
    return {QuestionState(row.state): int(row.number) for row in connection.execute(statement)}


def count_questions(connection: Connection, dataset: DatasetName, *, by_guess: bool) -> list[QuestionCount]:
    """The questions of a data set, counted where they are, by version, reason, guess and state."""
    keys = (QUESTIONS.c.version, QUESTIONS.c.why, QUESTIONS.c.state)
    guess = (QUESTIONS.c.guess,) if by_guess else ()
    statement = (
        select(*keys, *guess, func.count().label("number"))
        .where(QUESTIONS.c.dataset == dataset)
        .group_by(*keys, *guess)
        .order_by(*keys, *guess)
    )
    return [
        QuestionCount(
            VersionKey(row.version),
            Why(row.why),
            Label(row.guess) if by_guess else None,
            QuestionState(row.state),
            int(row.number),
        )
        for row in connection.execute(statement)
    ]


def put_round(
    connection: Connection, dataset: DatasetName, version: VersionKey, questions: int, now: datetime
) -> bool:
    """Note that a version's questions are all asked. Returns whether that is news."""
    if round_asked(connection, dataset, version) is not None:
        connection.execute(
            update(ROUNDS)
            .where(ROUNDS.c.dataset == dataset, ROUNDS.c.version == version)
            .values(questions=questions)
        )
        return False
    connection.execute(
        insert(ROUNDS).values(dataset=dataset, version=version, questions=questions, asked_at=now)
    )
    return True


def round_asked(connection: Connection, dataset: DatasetName, version: VersionKey) -> int | None:
    """How many questions a version asked; None while they are not all in Label Studio."""
    found = connection.execute(
        select(ROUNDS.c.questions).where(ROUNDS.c.dataset == dataset, ROUNDS.c.version == version)
    ).scalar_one_or_none()
    return None if found is None else int(found)
