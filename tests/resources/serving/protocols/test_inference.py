import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from resources.errors import BadInput
from resources.serving.protocols import inference
from resources.serving.tensors import DATATYPES, Array, TensorSpec, datatype_of


def body(**changes: object) -> bytes:
    told = {"name": "samples", "shape": [1, 4], "datatype": "UINT8", "data": [1, 2, 3, 4], **changes}
    return json.dumps({"inputs": [told]}).encode()


def test_a_request_becomes_arrays_whether_its_data_are_flat_or_nested() -> None:
    flat = inference.read_request(body()).tensors["samples"]
    nested = inference.read_request(body(data=[[1, 2, 3, 4]])).tensors["samples"]
    assert flat.dtype == nested.dtype == np.uint8
    assert flat.tolist() == nested.tolist() == [[1, 2, 3, 4]]


def test_texts_are_read_and_written_as_bytes() -> None:
    asked = inference.read_request(body(shape=[2], datatype="BYTES", data=["good", "bad"]))
    assert asked.tensors["samples"].tolist() == ["good", "bad"]
    told = json.loads(inference.write_response("m", "3", asked, asked.tensors))
    assert told["outputs"] == [
        {"name": "samples", "datatype": "BYTES", "shape": [2], "data": ["good", "bad"]}
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"{", "no JSON"),
        (b"[1]", "the body is a list; expected an object"),
        (b"{}", "'inputs' is None; expected a list of tensors"),
        (json.dumps({"inputs": [3]}).encode(), "inputs[0] is 3; expected an object"),
        (body(name=""), "the name of inputs[0] is ''; expected a text"),
        (body(datatype="UINT9"), "the datatype of input 'samples' is 'UINT9'; expected one of BOOL"),
        (body(datatype=["UINT8"]), "the datatype of input 'samples' is ['UINT8']; expected one of BOOL"),
        (body(datatype="BOOL", data=[1, 0, 1, 5]), "go from 0 to 5 (int64); expected BOOL"),
        (body(datatype="FP32", data=[1, 2, 3, 1e300]), "go from 1 to 1e+300 (float64); expected FP32"),
        (body(datatype="FP16", data=[1, 2, 3, 70000]), "go from 1 to 70000 (int64); expected FP16"),
        (body(shape=[1, -4]), "the shape of input 'samples' is [1, -4]"),
        (body(shape="4"), "the shape of input 'samples' is '4'"),
        (body(data="abcd"), "the data of input 'samples' is 'abcd'; expected a list"),
        (body(data=[1, 2, 3]), "make no array of shape [1, 4] and type UINT8"),
        (body(data=[[1, 2], [3]]), "make no array of shape [1, 4] and type UINT8"),
        (body(data=[1, 2, 3, 400]), "go from 1 to 400 (int64); expected UINT8"),
        (body(data=[1, 2, 3, -1]), "go from -1 to 3 (int64); expected UINT8"),
        (body(data=[1, 2, 3, 0.5]), "go from 0.5 to 3 (float64); expected UINT8"),
        (body(data=["a", "b", "c", "d"]), "not every value is a number"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_value_and_what_is_expected(given: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        inference.read_request(given)
    assert said in refused.value.problem
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"id": {"a": 1}}, "'id' is {'a': 1}; expected a text"),
        ({"outputs": ["label"]}, "'outputs' is ['label']; expected a list of objects with a name"),
        ({"outputs": [{"name": 3}]}, "expected a list of objects with a name"),
    ],
)
def test_what_a_request_says_besides_its_inputs_is_checked_too(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        inference.read_request(json.dumps({**json.loads(body()), **given}).encode())
    assert said in refused.value.problem


def test_an_input_that_is_given_twice_is_refused() -> None:
    one = json.loads(body())["inputs"][0]
    with pytest.raises(BadInput, match="given twice"):
        inference.read_request(json.dumps({"inputs": [one, one]}).encode())


def test_only_the_outputs_that_are_asked_for_come_back_with_the_id_of_the_request() -> None:
    asked = inference.read_request(
        json.dumps({"id": 7, "inputs": json.loads(body())["inputs"], "outputs": [{"name": "b"}]}).encode()
    )
    said: dict[str, Array] = {"a": np.zeros((1, 2), np.float32), "b": np.ones(1, np.int64)}
    told = json.loads(inference.write_response("m", "3", asked, said))
    assert told == {
        "model_name": "m",
        "model_version": "3",
        "id": "7",
        "outputs": [{"name": "b", "datatype": "INT64", "shape": [1], "data": [1]}],
    }
    with pytest.raises(BadInput, match="output 'b' is asked for; m has a"):
        inference.write_response("m", "3", asked, {"a": said["a"]})


def test_a_model_tells_what_it_takes_and_gives() -> None:
    spec = TensorSpec("samples", "UINT8", (-1, 8, 8))
    told = json.loads(inference.metadata("digits", ["3"], [spec], []))
    assert told["inputs"] == [{"name": "samples", "datatype": "UINT8", "shape": [-1, 8, 8]}]
    assert (told["name"], told["versions"], told["outputs"]) == ("digits", ["3"], [])
    seed = TensorSpec("seed", "INT64", (-1,), is_optional=True)
    told = json.loads(inference.metadata("digits", ["3"], [seed], [], ["cat", "dog"]))
    assert told["parameters"] == {"classes": ["cat", "dog"]}
    assert told["inputs"][0]["parameters"] == {"optional": True}


KINDS = [kind for kind in DATATYPES.values() if kind.kind in "iub"]


@given(st.sampled_from(KINDS).flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(max_dims=3))))
def test_whole_numbers_come_back_as_they_went(values: Array) -> None:
    told = {"name": "x", "shape": values.shape, "datatype": datatype_of(values), "data": values.tolist()}
    asked = inference.read_request(json.dumps({"inputs": [told]}).encode())
    back = asked.tensors["x"]
    assert back.dtype == values.dtype
    assert (back == values).all()
    written = json.loads(inference.write_response("m", "1", asked, {"x": back}))["outputs"][0]
    assert written["data"] == values.ravel().tolist()
