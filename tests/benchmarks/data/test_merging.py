"""The measurement of merges compares like with like."""

from benchmarks.data.merging import merge_cpu_s


def test_both_come_to_the_same_tree() -> None:
    ours_s, dvc_s = merge_cpu_s(entries=400, edits=60, repeats=1)
    assert ours_s > 0
    assert dvc_s > 0
