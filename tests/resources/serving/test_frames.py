import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from resources.serving.frames import Decoder, encoded
from resources.serving.tensors import DATATYPES, Array

NUMBERS = st.sampled_from([kind for kind in DATATYPES.values() if kind.kind != "O"])
ARRAYS = NUMBERS.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(max_dims=3, max_side=4)))
MESSAGES = st.lists(st.dictionaries(st.text(min_size=1, max_size=3), ARRAYS, max_size=3), max_size=4)


@given(MESSAGES, st.data())
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[dict[str, Array]], data: st.DataObject
) -> None:
    sent = b"".join(encoded({"id": at}, tensors) for at, tensors in enumerate(messages))
    decoder, at = Decoder(), 0
    found: list[tuple[dict[str, object], dict[str, Array]]] = []
    while at < len(sent):
        size = data.draw(st.integers(1, len(sent) - at))
        found += decoder.feed(sent[at : at + size])
        at += size
    assert [head["id"] for head, _ in found] == list(range(len(messages)))
    for (_, got), tensors in zip(found, messages, strict=True):
        assert list(got) == list(tensors)
        for name, values in tensors.items():
            assert got[name].dtype == values.dtype
            assert got[name].shape == values.shape
            assert got[name].tobytes() == values.tobytes()


def test_texts_travel_too() -> None:
    texts = np.array(["grün", "", "中"], dtype=object)
    ((_, got),) = Decoder().feed(encoded({"id": 1}, {"label": texts}))
    assert got["label"].tolist() == ["grün", "", "中"]
