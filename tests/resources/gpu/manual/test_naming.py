"""Names of leases without a run."""

import pytest

from resources.errors import BadInput
from resources.gpu.manual.naming import lease_id, name_of
from resources.gpu.model import RunId


@pytest.mark.parametrize("name", ["a", "probe-1", "A.b_c", "9", "x" * 50])
def test_a_name_can_be_had_back(name: str) -> None:
    assert name_of(lease_id(name)) == name
    assert len(lease_id(name)) <= 64


@pytest.mark.parametrize("name", ["", "-a", "a b", "a:b", "a/b", "x" * 51, "租约", "a\n"])
def test_a_name_of_no_use_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="of the lease cannot be used; expected at most 50 letters"):
        lease_id(name)


def test_a_run_has_no_such_name() -> None:
    assert name_of(RunId("9e2fd6aa-0002-4000-8000-000000000002")) is None
