import json

import numpy as np
import pytest

from resources.errors import BadInput
from resources.serving.protocols import scoring


def split(columns: list[str], *rows: object) -> dict[str, object]:
    return {"dataframe_split": {"columns": columns, "data": list(rows)}}


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
        ({"inputs": [1], "params": {"temperature": 0.5}}, "the body has 'params'; expected none"),
        ({"inputs": "abc"}, "'inputs' cannot be read: 'abc' is neither a list nor a number"),
        ({"inputs": None}, "'inputs' cannot be read: 'None' is neither a list nor a number"),
        ({"inputs": [[1], [2, 3]]}, "'inputs' cannot be read"),
        ({"dataframe_split": [1]}, "'dataframe_split' is no object with the lists 'columns' and 'data'"),
        ({"dataframe_split": {"columns": ["a"]}}, "'dataframe_split' is no object with the lists"),
        (split(["a", "b"], [1, 2], [1]), "row 1 of 'dataframe_split' has 1 values; expected 2"),
        (split(["a"], [1, 2]), "row 0 of 'dataframe_split' has 2 values; expected 1"),
        (split(["a"], 1), "row 0 of 'dataframe_split' has a int; expected 1"),
        (split(["a", "a"], [1, 2]), "'dataframe_split' names the column 'a' twice"),
        ({"dataframe_records": []}, "the records are no list of objects, of one at least"),
        ({"dataframe_records": {"a": 1}}, "the records are no list of objects"),
        ({"dataframe_records": [{"a": 1}, {"b": 2}]}, "record 1 has b; expected a, as in record 0"),
        ({"instances": [{"a": 1}, {"a": 1, "b": 2}]}, "record 1 has a, b; expected a, as in record 0"),
    ],
)
def test_what_is_none_of_them_is_refused_with_what_is_wrong(told: object, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        scoring.read_request(json.dumps(told).encode())
    assert said in refused.value.problem
    assert refused.value.next_step


def test_a_number_that_is_missing_is_none_and_the_others_stay_numbers() -> None:
    told = {"dataframe_records": [{"a": 1, "b": "x"}, {"a": None, "b": None}]}
    found = scoring.read_request(json.dumps(told).encode())
    np.testing.assert_array_equal(found["a"], [1.0, np.nan])
    assert found["b"].tolist() == ["x", None]


def test_a_table_as_csv_is_read_by_its_names() -> None:
    found = scoring.read_csv(b'a,b,c,d\r\n1,0.5,"x, y",\r\n2,3,z,1\r\n\r\n')
    assert {name: values.tolist() for name, values in found.items() if name != "d"} == {
        "a": [1, 2],
        "b": [0.5, 3.0],
        "c": ["x, y", "z"],
    }
    np.testing.assert_array_equal(found["d"], [np.nan, 1.0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "the CSV has 0 lines; expected a line of names"),
        (b"a,b\n", "the CSV has 1 lines"),
        (b"a,b\n1\n", "row 0 of the CSV has 1 values; expected 2"),
        (b"a,a\n1,2\n", "the CSV names the column 'a' twice"),
        (b'a\n"x', "is no CSV"),
        (b"\xff", "the body of 1 bytes is no CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_its_row(given: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        scoring.read_csv(given)
    assert said in refused.value.problem


def test_one_output_is_answered_as_its_values_and_several_by_name() -> None:
    one = {"said": np.array([[0.5, 0.5]])}
    assert json.loads(scoring.write_response(one)) == {"predictions": [[0.5, 0.5]]}
    both = json.loads(scoring.write_response({**one, "label": np.array(["a"], dtype=object)}))
    assert both == {"predictions": {"said": [[0.5, 0.5]], "label": ["a"]}}
