import json
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.errors import BadInput, NotFound, Unavailable
from resources.home import Home
from resources.registry.client import Mlflow
from resources.registry.model import ModelVersion
from resources.serving.layers.model import Manifest, Role
from resources.serving.layers.origins import CHUNK_BYTES, ServerOrigin
from resources.serving.layers.pulling import PullService
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from tests.resources.registry.examples import ACTOR, candidate, service
from tests.servers.mlflow import MlflowServer, free_port


def registered(home: Path, name: str = "pulled") -> ModelVersion:
    """A model in the MLflow that the environment names, champion there."""
    registry = service(home)
    made = registry.register(candidate(name), ACTOR).model
    registry.crown(made, ACTOR, "the first")
    return made


def pulls(home: Path) -> PullService:
    return PullService(Home(home), Home(home).database())


class Interrupted(Exception):
    """Somebody pressed a key."""


def test_the_layers_of_a_model_come_by_their_digests_and_once(
    trainplat_home: Path, mlflow_in_home: None
) -> None:
    model, service_ = registered(trainplat_home), pulls(trainplat_home)
    seen: list[tuple[Role, int, int]] = []
    manifest = service_.pull(
        parse_reference("pulled"), ACTOR, watch=lambda role, _, done, total: seen.append((role, done, total))
    )
    assert (manifest.name, manifest.number, manifest.origin) == ("pulled", model.number, "")
    weights = manifest.layer(Role.WEIGHTS)
    assert weights.digest == model.weights_sha256
    assert service_.store.verified(weights).read_bytes() == Mlflow(Home(trainplat_home)).weights(model)
    assert b"signature" in service_.store.verified(manifest.layer(Role.SIGNATURE)).read_bytes()
    config = json.loads(service_.store.verified(manifest.layer(Role.CONFIG)).read_text())
    assert (config["dataset_version"], config["weights_sha256"]) == ("v1.0", model.weights_sha256)
    assert {role for role, done, total in seen if done == total} == set(Role)
    again = service_.pull(parse_reference("pulled:1"), ACTOR)
    assert again.layers == manifest.layers
    assert service_.store.manifests() == [again]
    assert recent(service_.database)[0].action == "model.pull"

    damaged = service_.store.path(weights.digest)
    damaged.write_bytes(b"rotten")
    with pytest.raises(BadInput, match="damaged or gone"):
        service_.store.verified(weights)
    service_.pull(parse_reference("pulled"), ACTOR)
    service_.store.verified(weights)
    service_.store.drop(again)
    assert not damaged.exists()
    assert service_.store.manifests() == []


def test_weights_that_are_not_those_that_were_registered_are_refused_and_not_kept(
    trainplat_home: Path, mlflow_in_home: None
) -> None:
    model, service_ = registered(trainplat_home), pulls(trainplat_home)
    folder = service(trainplat_home).files(model)
    assert folder is not None
    file = folder / "extra_files" / "weights.pt"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"?")
    with pytest.raises(BadInput, match="expected"):
        service_.pull(parse_reference("pulled"), ACTOR)
    assert service_.store.manifests() == []
    file.write_bytes(content)
    service_.pull(parse_reference("pulled"), ACTOR)


@pytest.mark.slow
@pytest.mark.real
def test_a_pull_from_a_server_that_was_interrupted_goes_on_where_it_was(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    model = registered(trainplat_home, "afar")
    monkeypatch.delenv("TRAINPLAT_MLFLOW_URL")
    elsewhere = pulls(trainplat_home.parent / "elsewhere")
    weights = Mlflow(Home(trainplat_home)).weights(model)
    part = elsewhere.store.part(model.weights_sha256)
    part.parent.mkdir(parents=True)
    half = len(weights) // 2
    part.write_bytes(weights[:half])
    begun: list[int] = []

    def watch(role: Role, _digest: str, done_bytes: int, total_bytes: int) -> None:
        if role is Role.WEIGHTS:
            assert total_bytes == len(weights)
            begun.append(done_bytes)

    for text in ("afar", "afar:1", "afar:v1.0"):
        manifest = elsewhere.pull(parse_reference(text), ACTOR, mlflow_server.url, watch)
        assert (manifest.number, manifest.origin) == (model.number, mlflow_server.url)
    assert begun[0] == min(len(weights), half + CHUNK_BYTES)
    assert elsewhere.store.path(model.weights_sha256).read_bytes() == weights
    assert json.loads(elsewhere.store.verified(manifest.layer(Role.CONFIG)).read_text())["params"] == {
        "seed": "3"
    }
    with pytest.raises(NotFound, match="no model afar with the version or alias 'nobody'"):
        elsewhere.pull(parse_reference("afar:nobody"), ACTOR, mlflow_server.url)
    with pytest.raises(NotFound, match="no model other"):
        elsewhere.pull(parse_reference("other:1"), ACTOR, mlflow_server.url)


def test_a_part_that_is_damaged_is_dropped_and_comes_anew(trainplat_home: Path, mlflow_in_home: None) -> None:
    model, service_ = registered(trainplat_home), pulls(trainplat_home)
    part = service_.store.part(model.weights_sha256)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\0" * 100)
    with pytest.raises(BadInput, match="changed or damaged"):
        service_.pull(parse_reference("pulled"), ACTOR)

    def stop(role: Role, _digest: str, _done_bytes: int, _total_bytes: int) -> None:
        raise Interrupted(role)

    with pytest.raises(Interrupted):
        service_.pull(parse_reference("pulled"), ACTOR, watch=stop)
    assert part.exists()
    service_.pull(parse_reference("pulled"), ACTOR)
    assert not part.exists()


def test_a_server_that_is_none_or_does_not_answer_is_told(trainplat_home: Path) -> None:
    with pytest.raises(BadInput, match="is no address"):
        ServerOrigin("mlflow.example")
    with pytest.raises(Unavailable, match="does not answer"):
        pulls(trainplat_home).pull(parse_reference("digits:1"), ACTOR, f"http://127.0.0.1:{free_port()}")


def test_a_manifest_is_read_as_it_was_kept(trainplat_home: Path) -> None:
    service_ = pulls(trainplat_home)
    layer = service_.store.keep(Role.CONFIG, b"{}")
    manifest = Manifest(DatasetName("digits"), 3, "v1.2", "http://far:5000", (layer,), service_.clock())
    assert Manifest.from_json(manifest.to_json()) == manifest
    other = Manifest(DatasetName("digits"), 3, "v1.2", "", (layer,), service_.clock())
    for one in (manifest, other):
        service_.store.put(one)
    assert service_.store.manifests(DatasetName("digits")) == [other, manifest]
    service_.store.drop(other)
    assert service_.store.verified(layer).read_bytes() == b"{}"
