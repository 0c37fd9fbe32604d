"""The push that is measured is a real one, to a server of S3."""

import pytest

from benchmarks.data.pushing import push_contest


@pytest.mark.slow
def test_a_push_of_few_changes_sends_these_alone_and_lists_nothing() -> None:
    found = push_contest(120)
    assert found["push1_changed"] == 2
    assert found["push1_sent_objects"] == 3  # the tree as well
    assert found["push1_list_requests"] == 0
    assert found["push1_requests"] < 10
