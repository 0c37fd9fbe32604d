import numpy as np
import pytest

from resources.errors import BadInput
from resources.serving.tensors import Array, TensorSpec, checked

PICTURES = TensorSpec("samples", "UINT8", (-1, 2, 2))
PAIR = (TensorSpec("a", "FP32", (-1,)), TensorSpec("b", "BYTES", (-1,)))


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((3, 2, 2), np.uint8),
        np.zeros((2, 2), np.int64),  # one picture
        np.zeros((3, 4), np.uint8),  # pictures as rows
        np.zeros((3, 2, 2), np.float64),
    ],
)
def test_samples_are_brought_to_what_the_model_takes(given: Array) -> None:
    (found,) = checked({"whatever": given}, [PICTURES]).values()
    assert found.dtype == np.uint8
    assert found.shape[1:] == (2, 2)
    assert len(found) == (given.size // 4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((3, 2, 3), np.uint8), "has the shape [3, 2, 3]; expected [-1, 2, 2]"),
        (np.zeros((0, 2, 2), np.uint8), "has the shape [0, 2, 2]"),
        (np.array(5), "has the shape []"),
        (np.full((1, 2, 2), 256), "holds values from 256 to 256; expected whole numbers that fit UINT8"),
        (np.full((1, 2, 2), 0.5), "holds values from 0.5 to 0.5"),
        (np.full((1, 2, 2), np.nan), "holds values from nan to nan"),
        (np.full((1, 2, 2), "a", dtype=object), "holds BYTES; expected UINT8"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_shape_or_values(given: Array, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked({"samples": given}, [PICTURES])
    assert said in refused.value.problem


@pytest.mark.parametrize(
    ("value", "datatype", "said"),
    [
        (2.0**63, "INT64", "expected whole numbers that fit INT64"),
        (2.0**64, "UINT64", "expected whole numbers that fit UINT64"),
        (1e300, "FP32", "holds values from 1e+300 to 1e+300; expected numbers that fit FP32"),
        (5, "BOOL", "expected whole numbers that fit BOOL"),
    ],
)
def test_a_number_that_would_become_another_one_is_refused(value: float, datatype: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked({"x": np.array([value])}, [TensorSpec("x", datatype, (-1,))])
    assert said in refused.value.problem


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1.5, 2.0**63])
def test_a_fraction_stays_what_it_is(value: float) -> None:
    (found,) = checked({"x": np.array([value])}, [TensorSpec("x", "FP32", (-1,))]).values()
    np.testing.assert_array_equal(found, np.array([value], np.float32))


def test_several_inputs_go_by_their_names_and_have_as_many_samples() -> None:
    texts = np.array(["x", "y"], dtype=object)
    found = checked({"a": np.array([1, 2]), "b": texts}, PAIR)
    assert found["a"].dtype == np.float32
    with pytest.raises(BadInput, match="the request has the inputs a; expected a, b"):
        checked({"a": np.array([1, 2])}, PAIR)
    with pytest.raises(BadInput, match="the inputs have 1, 2 samples; expected as many in each"):
        checked({"a": np.array([1]), "b": texts}, PAIR)


def test_an_input_that_may_be_left_out_is_zeros_then() -> None:
    seed = TensorSpec("seed", "INT64", (-1,), is_optional=True)
    given = {"samples": np.ones((3, 2, 2), np.uint8)}
    assert checked(given, [PICTURES, seed])["seed"].tolist() == [0, 0, 0]
    assert checked(given | {"seed": np.array([5, 5, 5])}, [PICTURES, seed])["seed"].tolist() == [5, 5, 5]
    with pytest.raises(BadInput, match="the request has the inputs samples, speed; expected samples"):
        checked(given | {"speed": np.array([5, 5, 5])}, [PICTURES, seed])
