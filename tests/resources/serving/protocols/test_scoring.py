import json

import numpy as np
import pytest

from resources.errors import BadInput
from resources.serving.protocols import scoring


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"inputs": [[1, 2], [3, 4]]}, {"inputs": [[1, 2], [3, 4]]}),
        ({"instances": [[1, 2]]}, {"inputs": [[1, 2]]}),
        ({"inputs": {"a": [1, 2], "b": ["x", "y"]}}, {"a": [1, 2], "b": ["x", "y"]}),
        ({"instances": [{"a": 1}, {"a": 2}]}, {"a": [1, 2]}),
        (
            {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]}},
            {"a": [1, 2], "b": ["x", "y"]},
        ),
        ({"dataframe_records": [{"a": 1.5}, {"a": 2}]}, {"a": [1.5, 2.0]}),
    ],
)
def test_each_form_of_the_protocol_is_read(told: object, read: dict[str, object]) -> None:
    found = scoring.read_request(json.dumps(told).encode())
    assert {name: values.tolist() for name, values in found.items()} == read


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "the body has none of inputs, instances, dataframe_split, dataframe_records"),
        ({"inputs": [1], "instances": [1]}, "the body has inputs, instances of"),
        ({"dataframe_split": {"columns": ["a"]}}, "'dataframe_split' cannot be read: KeyError 'data'"),
        ({"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}}, "'dataframe_split' cannot be read"),
        ({"dataframe_records": [{"a": 1}, {"b": 2}]}, "'dataframe_records' cannot be read: KeyError 'a'"),
    ],
)
def test_what_is_none_of_them_is_refused_with_what_is_wrong(told: object, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        scoring.read_request(json.dumps(told).encode())
    assert said in refused.value.problem


def test_one_output_is_answered_as_its_values_and_several_by_name() -> None:
    one = {"said": np.array([[0.5, 0.5]])}
    assert json.loads(scoring.write_response(one)) == {"predictions": [[0.5, 0.5]]}
    both = json.loads(scoring.write_response({**one, "label": np.array(["a"], dtype=object)}))
    assert both == {"predictions": {"said": [[0.5, 0.5]], "label": ["a"]}}
