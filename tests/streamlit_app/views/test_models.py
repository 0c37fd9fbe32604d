"""The page about models that are live, on homes whose models are registered, without a server."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.many_models import ManyModels, fill
from resources.deploy_plan import DeployPlan
from resources.gate_plan import GATES, GatePlan, LatencyGate
from resources.home import Home
from resources.pipelines.folder import PIPELINES_VARIABLE
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.judging import judge
from resources.registry.gates.service import GateService
from resources.serving.deployments.model import EventKind, Served
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from tests.resources.registry.gates.examples import KNOWN
from tests.resources.serving.examples import ACTOR, NAME, deployments, register
from tests.resources.serving.others import register_others
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
PLAN = DeployPlan(step_s=30)
NAMES = {"CSV", "champion", "challenger", *(word for gate in GATES for word in gate.split("_"))} | {"CST"}
ACTORS = {*ACTOR.split(":")}
FEW = ManyModels(count=3, test_count=60)


@pytest.fixture
def service(trainplat_home: Path) -> DeploymentService:
    """Five versions, of which the first is live."""
    service = deployments(trainplat_home)
    promote(service, 1, "the first that is good")
    return service


def promote(service: DeploymentService, number: int, why: str = "it is better") -> None:
    service.promote(parse_reference(f"{NAME}:{number}"), ACTOR, why, declared=PLAN)


def bar(service: DeploymentService, number: int) -> str:
    """Gates that fail for a model, by what they are told of a slow one; why it may not be promoted."""
    gates = GateService(service.home, service.database)
    plan = GatePlan(latency=LatencyGate(p99_ms=1.0))
    judging = gates.record(NAME, number, judge(plan, KNOWN), ACTOR)
    (sentence,) = judging.failed_sentences
    return sentence


def test_a_home_without_models_says_what_to_run(open_page: OpenPage, trainplat_home: Path) -> None:
    assert "make demo" in [code.value for code in open_page("models").code]
    Home(trainplat_home).database()
    app = open_page("models")
    assert "make demo" in [code.value for code in app.code]
    assert not app.error


def test_what_is_live_is_told_with_why_by_whom_and_that_no_server_runs(
    open_page: OpenPage, service: DeploymentService
) -> None:
    shown = words(open_page("models"))
    for said in (
        "digits:1",
        "the first that is good",
        ACTOR,
        "no model server runs on this home",
        "again every 2 s",
    ):
        assert said in shown
    assert "trainplat up" in shown
    assert "the first that is good" in words(open_page("models", "zh-CN"))


def test_a_chinese_page_says_nothing_in_english_but_names_and_what_is_kept(
    open_page: OpenPage, service: DeploymentService
) -> None:
    promote(service, 2)
    service.advance(service.state(NAME).rollout, ACTOR, "ready")  # type: ignore[arg-type]
    app = open_page("models", "zh-CN")
    shown = words(app)
    for one in service.registry.models():
        shown = shown.replace(f"{one.dataset}:{one.number}", "")
    shown = shown.replace(str(service.home.path), "").replace(NAME, "")
    for kept in (r"<style>.*?</style>", r"<code>.*?</code>", r"`.*?`", r'<div [^>]*lang="en">.*?</div>'):
        shown = re.sub(kept, "", shown, flags=re.DOTALL)
    said = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", shown)))
    assert said <= NAMES | ACTORS


def test_a_rollout_shows_both_shares_its_steps_and_what_comes_next(
    open_page: OpenPage, service: DeploymentService
) -> None:
    promote(service, 2)
    rollout = service.state(NAME).rollout
    assert rollout is not None
    service.advance(rollout, ACTOR, "a copy is ready")
    shown = words(open_page("models"))
    assert "digits:1 · 90 %" in shown
    assert "digits:2 · 10 %" in shown
    assert "step 1 of 3" in shown
    assert "10 % now" in shown
    assert "until a model server runs" in shown


def test_a_version_goes_live_from_the_page_once_somebody_has_read_what_it_changes(
    open_page: OpenPage, service: DeploymentService
) -> None:
    app = open_page("models", version="4")
    shown = words(app)
    assert "digits:4, trained from v1.3, would be live by canary 10 % → 50 % → 100 %, and champion." in shown
    assert "Its gates let it pass." in shown
    assert app.button(key="promote").disabled
    next(one for one in app.text_input if one.label == "Why, for the history").set_value("I trust it").run()
    next(one for one in app.checkbox if one.label == "I have read what this changes").check().run()
    app.button(key="promote").click().run()
    assert not app.exception
    assert "model 4 gets ready to follow by canary" in app.success[0].value
    event = service.history()[-1]
    assert (event.kind, event.subject, event.why) == (EventKind.PROMOTED, Served(4), "I trust it")
    assert event.actor.startswith("user:")


@pytest.mark.slow
def test_a_failing_gate_is_read_and_passed_only_with_a_reason_that_is_kept(
    open_page: OpenPage, service: DeploymentService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PIPELINES_VARIABLE, str(tmp_path / "none"))  # no other gates are declared by now
    sentence = bar(service, 5)
    app = open_page("models")
    assert sentence in app.warning[0].value
    assert sentence.partition(": ")[2] in words(app)
    next(one for one in app.checkbox if one.label == "I have read what this changes").check().run()
    assert app.button(key="promote").disabled, "nobody said why"
    reason = next(one for one in app.text_input if one.label == "Why although its gates bar it")
    reason.set_value("the customer waits").run()
    app.button(key="promote").click().run()
    assert service.history()[-1].override == "the customer waits"
    assert "the customer waits" in words(app)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("mlflow_in_home")
@pytest.mark.filterwarnings("ignore::Warning")
def test_a_model_of_others_goes_live_from_the_page_with_a_reason_to_trust_it(
    open_page: OpenPage, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    service = DeploymentService(home, home.database())
    assert service.states() == []  # which makes the tables
    register_others(trainplat_home, "Fraud-Detector v2", tmp_path)
    app = open_page("models")
    shown = words(app)
    assert "Fraud-Detector v2:2" in shown
    assert "of others" in shown
    assert "no gates" in shown
    assert "Fraud-Detector v2:2, which others registered in MLflow, would be live" in shown
    assert "no gate judges Fraud-Detector v2:2: it was registered in MLflow by others" in app.warning[0].value
    next(one for one in app.checkbox if one.label == "I have read what this changes").check().run()
    assert app.button(key="promote").disabled, "nobody said why"
    reason = next(one for one in app.text_input if one.label == "Why it is trusted without a gate")
    reason.set_value("the fraud team tested it").run()
    app.button(key="promote").click().run()
    (event,) = service.history()
    assert (event.subject, event.override) == (Served(2), "the fraud team tested it")
    assert event.weights_sha256
    assert "the fraud team tested it" in words(app)


def test_a_rollback_says_what_it_would_do_and_asks_for_the_name(
    open_page: OpenPage, service: DeploymentService
) -> None:
    promote(service, 2)
    app = open_page("models")
    assert "The rollout of digits:2 would end at once; digits:1 stays live." in words(app)
    name = next(one for one in app.text_input if one.key and one.key.startswith("back-sure"))
    name.set_value("digit").run()
    assert app.button(key="roll-back").disabled
    name = next(one for one in app.text_input if one.key and one.key.startswith("back-sure"))
    name.set_value("digits").run()
    app.button(key="roll-back").click().run()
    assert "Model 1 is live as digits." in app.success[0].value
    app.run()
    assert "Model 1 is live as digits." in app.success[0].value, "it stays when the page refreshes itself"
    app.button(key="dismiss-told").click().run()
    assert not app.success
    assert service.state(NAME).rollout is None
    assert service.history()[-1].kind is EventKind.ROLLED_BACK


@pytest.mark.slow
def test_an_endpoint_is_stopped_by_its_name_and_an_address_says_which_is_meant(
    open_page: OpenPage, service: DeploymentService
) -> None:
    other = DatasetName("birds")
    register(service.database, [1], other)
    service.promote(parse_reference("birds:1"), ACTOR)
    app = open_page("models", endpoint="digits")
    assert app.selectbox(key="endpoint").value == "digits"
    next(one for one in app.text_input if one.key and one.key.startswith("stop-sure")).set_value(
        "digits"
    ).run()
    app.button(key="stop").click().run()
    assert service.state(NAME).live is None
    assert service.state(other).live == Served(1)
    assert "Nothing is live as digits." in app.success[0].value


def test_what_cannot_be_done_is_told_in_words(open_page: OpenPage, service: DeploymentService) -> None:
    assert "nothing else was ever live as digits" in open_page("models").info[0].value


def test_how_a_model_scales_is_told_with_what_another_text_would_do(
    open_page: OpenPage, service: DeploymentService
) -> None:
    app = open_page("models")
    shown = words(app)
    assert "Declared: no text; 1 to 1 replicas." in shown
    assert "No metric is declared: the guaranteed 1 replicas are kept." in shown
    assert "a model server that runs writes each change here" in shown
    tried = app.text_input(key=f"scaling-{NAME}")
    tried.set_value("replicas:2-6").run()
    shown = words(app)
    assert "Tried: `replicas:2-6`; 2 to 6 replicas." in shown
    assert "48.0 replica-hours" in shown
    app.text_input(key=f"scaling-{NAME}").set_value("cpu:50").run()
    assert "not a percentage" in app.error[0].value
    assert service.state(NAME).plan.autoscale == "", "nothing was changed"


def test_a_version_stands_beside_what_is_live_in_words(open_page: OpenPage, trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    fill(home, FEW)
    service = DeploymentService(home, home.database())
    service.promote(parse_reference("digits:1"), ACTOR, "the first that is good", declared=PLAN)
    new, old = (EvaluationService(home, home.database()).measurement(NAME, one) for one in (3, 1))
    assert new is not None
    assert old is not None
    shown = words(open_page("models", version="3"))
    assert "Beside digits:1, which is live" in shown
    assert f"accuracy: {new.value:.1%} against {old.value:.1%}" in shown
    assert "Worse: class " in shown
    assert "with 95 % confidence" in shown
    assert "never measured" not in shown
    assert "Beside digits:1" not in words(open_page("models", version="1"))


def test_what_is_not_there_says_what_to_do(open_page: OpenPage, service: DeploymentService) -> None:
    assert "materialize the asset `digits/evaluation`" in words(open_page("models", version="3"))
    register(service.database, [1], DatasetName("birds"))
    st.cache_data.clear()
    shown = words(open_page("models", endpoint="birds"))
    assert "Choose a version below and put it live." in shown
    assert "the first version that goes live begins it" in shown
