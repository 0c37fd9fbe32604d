"""What all pages share."""

import pytest

from resources.gpu.model import RunId
from streamlit_app.frame import run, run_address

DAGSTER = "http://127.0.0.1:3000"


def test_a_run_leads_to_its_page_and_a_second_lease_to_that_of_its_run() -> None:
    assert run_address(DAGSTER, RunId("9f0c1a2b-5d6e")) == f"{DAGSTER}/runs/9f0c1a2b-5d6e"
    assert run_address(DAGSTER, RunId("9f0c1a2b-5d6e+00aa")) == f"{DAGSTER}/runs/9f0c1a2b-5d6e"
    assert "<a " in run(DAGSTER, RunId("9f0c1a2b-5d6e"), 2)


@pytest.mark.parametrize("other", ["lease:probe", "0a1b2c3d-notebook"])
def test_what_dagster_knows_nothing_of_leads_nowhere(other: str) -> None:
    assert run_address(DAGSTER, RunId(other)) is None
    assert "<a " not in run(DAGSTER, RunId(other))
