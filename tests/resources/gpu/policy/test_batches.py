"""Which jobs were submitted together."""

from resources.gpu.policy.batches import GAP_S, Batch, batch_of


def test_a_job_soon_after_one_of_its_kind_is_of_the_same_batch() -> None:
    first = batch_of("digits 8", 100.0, None)
    second = batch_of("digits 8", 100.0 + GAP_S, first)
    third = batch_of("digits 8", 100.0 + 2 * GAP_S, second)
    assert first.id == second.id == third.id


def test_a_later_one_and_one_of_another_kind_begin_batches_of_their_own() -> None:
    first = batch_of("digits 8", 100.0, None)
    assert batch_of("digits 8", 101.0 + GAP_S, first).id != first.id
    assert batch_of("digits 1", 100.0, first).id != first.id


def test_a_clock_that_went_back_ends_no_batch() -> None:
    first = Batch("one", "digits 8", 100.0)
    assert batch_of("digits 8", 40.0, first) == first
