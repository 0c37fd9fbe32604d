"""What searches chose, kept for the training in full; and their studies, for whoever looks."""

import json
from dataclasses import dataclass
from pathlib import Path

from resources.errors import NotFound
from resources.files import write_atomically
from resources.home import Home
from resources.learning.structure.model import Candidate, Outcome
from resources.terms import DatasetName

PREFIX = "structure:"
"""Of what a version starts from, before the name of a search."""


@dataclass(frozen=True)
class Found:
    """What is trained in full."""

    name: str
    """Of the search."""
    champion: int
    """The model that it was searched around, and that a grown one goes on from."""
    candidate: Candidate


@dataclass(frozen=True)
class Searches:
    """The searches of one home."""

    home: Home

    def storage(self, dataset: DatasetName) -> Path:
        """The database file of a data set's studies."""
        return self.home.structure / f"{dataset}.db"

    def keep(self, found: Found) -> None:
        """Write down what was chosen, whole or not at all."""
        document = {"champion": found.champion, "candidate": found.candidate.document}
        write_atomically(self._file(found.name), json.dumps(document, indent=2, sort_keys=True))

    def found(self, name: str) -> Found:
        """What a search chose. Raises :class:`NotFound`."""
        try:
            document = json.loads(self._file(name).read_text())
        except FileNotFoundError:
            raise NotFound(
                f"the search {name} has chosen nothing that is kept in {self.home.structure}",
                f"Search again: trainplat structure search {name.partition('-')[0]}.",
            ) from None
        return Found(name, document["champion"], Candidate.of(document["candidate"]))

    def outcomes(self, dataset: DatasetName) -> list[Outcome]:
        """How far each search of a data set is, the newest last, without those that measured nothing yet."""
        import optuna

        from resources.errors import Conflict
        from resources.learning.structure.search import outcome_of

        path = self.storage(dataset)
        if not path.exists():
            return []
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = f"sqlite:///{path}"
        summaries = optuna.get_all_study_summaries(storage)
        told = []
        for summary in sorted(summaries, key=lambda one: str(one.datetime_start or "")):
            study = optuna.load_study(study_name=summary.study_name, storage=storage)
            try:
                told.append(outcome_of(study, summary.study_name, ""))
            except Conflict:
                continue
        return told

    def _file(self, name: str) -> Path:
        return self.home.structure / f"{name}.json"
