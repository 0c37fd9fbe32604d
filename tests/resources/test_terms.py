"""Versions: their form and their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.terms import FIRST_VERSION, VersionKey, next_minor, version_order


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_next_version_comes_right_after(major: int, minor: int) -> None:
    version = VersionKey(f"v{major}.{minor}")
    assert version_order(next_minor(version)) == (major, minor + 1)
    assert version_order(version) < version_order(next_minor(version))


def test_versions_sort_by_number_and_not_by_text() -> None:
    keys = [VersionKey(key) for key in ("v1.10", "v2.0", "v1.9", FIRST_VERSION)]
    assert sorted(keys, key=version_order) == ["v1.0", "v1.9", "v1.10", "v2.0"]


@pytest.mark.parametrize("text", ["1.0", "v1", "v0.1", "v1.01", "v1.0 ", "", "v-1.0", "V1.0"])
def test_another_form_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not of the form v<major>\.<minor>, such as v1\.0"):
        version_order(VersionKey(text))
