"""What the parts of the page share: what was chosen, and what fits it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from resources.clock import utc_now
from resources.registry.comparing.choosing import Choice, chosen
from resources.registry.comparing.sheet import differences
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.calibration import Bin
from resources.registry.evaluations.model import Measurement, SampleScores, TestAnswers
from resources.terms import DatasetName
from resources.texts import Translate
from streamlit_app import frame
from streamlit_app.reader import Reader
from streamlit_app.readings.model_versions import (
    ModelVersions,
    State,
    read_answers,
    read_model_versions,
    read_reliability,
    read_scores,
    read_state,
)
from streamlit_app.readings.source import open_home

PER_PAGE = 100


@dataclass(frozen=True, eq=False)
class Compared:
    """One look of one person at the models of a data set."""

    reader: Reader
    versions: ModelVersions
    choice: Choice
    baseline: Measurement
    """The one that stays while others change: every difference is against it."""
    fitting: tuple[Measurement, ...]
    """What fits the choice, in its order; on the baseline's test set where they were measured on it."""
    read_at: datetime

    @property
    def translate(self) -> Translate:
        """English to the reader's language."""
        return self.reader.translate

    def shown(self) -> tuple[Measurement, ...]:
        """The page of them that is looked at; asks which where they are more than fit."""
        pages = max(1, -(-len(self.fitting) // PER_PAGE))
        page = 1
        if pages > 1:
            page = st.pagination(pages, key="sheet", bind="query-params", persist_state="page")
        return self.fitting[(page - 1) * PER_PAGE : page * PER_PAGE]

    def differences(self, shown: tuple[Measurement, ...]) -> Mapping[int, Difference]:
        """Of those, against the baseline."""
        place = frame.place()
        found = [_scores(place, _Key(one)) for one in (self.baseline, *shown)]
        return differences(found[0], found[1:])

    def name(self, measured: Measurement) -> str:
        """A model as charts and lists call it."""
        star = " ★" if measured.number == self.versions.champion else ""
        return f"{measured.number} · {measured.dataset_version}{star}"


@dataclass(frozen=True, eq=False)
class _Key:
    """A measurement as a key of the cache, which needs not look through all that is in it."""

    measured: Measurement

    def told(self) -> str:
        one = self.measured
        return f"{one.dataset}/{one.number}/{one.test_set}/{one.measured_at.timestamp()}"


def look(reader: Reader, versions: ModelVersions, choice: Choice, baseline: Measurement) -> Compared:
    """What fits the choice."""
    return Compared(
        reader,
        versions,
        choice,
        baseline,
        tuple(chosen(versions.on(baseline.test_set), choice)),
        utc_now(),
    )


def read(dataset: DatasetName) -> ModelVersions:
    """The measured versions, which are read again only when one was measured since."""
    state, champion = _state(frame.place(), dataset)
    return _versions(frame.place(), dataset, champion, state)


def answers(measured: Measurement) -> TestAnswers | None:
    """What a model said; raises :class:`BadInput` where that is damaged."""
    return _answers(frame.place(), _Key(measured))


@frame.cached
def _state(place: str, dataset: DatasetName) -> tuple[State, int | None]:
    del place
    return read_state(*open_home(), dataset)


@st.cache_resource(max_entries=16, show_spinner=False)
def _versions(place: str, dataset: DatasetName, champion: int | None, state: State) -> ModelVersions:
    del place, state  # they tell one reading from the next
    return read_model_versions(*open_home(), dataset, champion)


@st.cache_resource(max_entries=5000, show_spinner=False, hash_funcs={_Key: _Key.told})
def _scores(place: str, measured: _Key) -> SampleScores | None:
    del place
    return read_scores(*open_home(), measured.measured)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={_Key: _Key.told})
def _answers(place: str, measured: _Key) -> TestAnswers | None:
    del place
    return read_answers(*open_home(), measured.measured)


def curve(measured: Measurement) -> list[Bin]:
    """How often a model is right when it is so sure; empty where its answers are gone."""
    return _curve(frame.place(), _Key(measured))


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs={_Key: _Key.told})
def _curve(place: str, measured: _Key) -> list[Bin]:
    del place
    return read_reliability(*open_home(), measured.measured)
