from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.continual.buffer import ARRAYS, MAGIC, Buffer, Remembered, from_bytes, to_bytes
from tests.resources.learning.continual.examples import remembered


@given(st.integers(0, 12), st.integers(1, 4), st.integers(0, 3))
def test_a_buffer_is_read_back_bit_for_bit(count: int, width: int, seed: int) -> None:
    buffer = Buffer(12, count + 5, remembered(count, width=width, seed=seed))
    again = from_bytes(to_bytes(buffer))
    assert again.kept is not None
    assert buffer.kept is not None
    assert (again.capacity, again.seen) == (12, count + 5)
    for name in ARRAYS:
        mine, theirs = getattr(buffer.kept, name), getattr(again.kept, name)
        assert (mine.dtype, mine.shape, mine.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())
    assert to_bytes(again) == to_bytes(buffer)


def test_an_empty_buffer_is_read_back_too() -> None:
    again = from_bytes(to_bytes(Buffer.empty(7)))
    assert (again.capacity, again.seen, again.kept, len(again)) == (7, 0, None, 0)


def test_damaged_bytes_are_refused_wherever_they_are_cut() -> None:
    whole = to_bytes(Buffer(5, 9, remembered(5)))
    for content in (
        b"",
        b"something else",
        *(whole[:size] for size in range(0, len(whole), 37)),
        whole + b"x",
    ):
        with pytest.raises(BadInput, match="are not a buffer"):
            from_bytes(content)


def test_equal_buffers_are_equal_bytes_whatever_was_dropped_before() -> None:
    long = remembered(3)
    long = replace(long, ids=np.array(["a", "b", "one with a long name"]))
    short = replace(long.take(np.array([0, 1])), ids=np.array(["a", "b"]))
    assert long.take(np.array([0, 1])).ids.dtype != short.ids.dtype
    assert to_bytes(Buffer(3, 3, long.take(np.array([0, 1])))) == to_bytes(Buffer(3, 3, short))
    nothing = np.array([], dtype=np.int64)
    assert to_bytes(Buffer(3, 3, long.take(nothing))) == to_bytes(Buffer(3, 3, short.take(nothing)))


def test_damaged_bytes_are_refused_whichever_is_another_one() -> None:
    whole = to_bytes(Buffer(5, 9, remembered(5)))
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        with pytest.raises(BadInput, match="are not a buffer"):
            from_bytes(bytes(content))


def test_bytes_that_would_run_code_are_refused() -> None:
    import io

    file = io.BytesIO()
    np.save(file, np.array([print], dtype=object), allow_pickle=True)
    head = to_bytes(Buffer(5, 9, remembered(0))).split(b"\n")[2]
    content = head + b"\n" + file.getvalue()
    with pytest.raises(BadInput, match="allow_pickle"):
        from_bytes(MAGIC + sha256(content).hexdigest().encode() + b"\n" + content)


def test_more_than_the_bound_is_refused() -> None:
    with pytest.raises(BadInput, match="a buffer for 2 samples holds 3"):
        Buffer(2, 3, remembered(3))


def test_columns_of_other_lengths_are_refused() -> None:
    good = remembered(3)
    with pytest.raises(BadInput, match="expected as many in each"):
        Remembered(good.ids[:2], good.inputs, good.labels, good.tasks, good.logits)


def test_joined_samples_know_nothing_of_classes_that_came_later() -> None:
    joined = remembered(2, width=2).join(remembered(3, task=1, width=4))
    assert joined.logits.shape == (5, 4)
    assert np.isnan(joined.logits[:2, 2:]).all()
    assert not np.isnan(joined.logits[2:]).any()
    assert joined.ids.tolist() == ["0-0", "0-1", "1-0", "1-1", "1-2"]
