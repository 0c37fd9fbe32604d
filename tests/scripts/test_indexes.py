"""Where uv looks for packages."""

import pytest

from scripts.indexes import parse_pip_settings, torch_options, uv_environment


def test_of_pips_settings_the_narrower_one_wins() -> None:
    listed = """
:env:.find-links='/env/wheels'
global.find-links='/global/wheels'
install.no-index='1'
freeze.timeout='3'
a line that is none
"""
    assert parse_pip_settings(listed) == {"find-links": "/env/wheels", "no-index": "1"}


def test_uv_looks_where_pip_looks() -> None:
    settings = {"find-links": "/a\n/b", "extra-index-url": "file:///x file:///y", "cert": "/c.pem"}
    assert uv_environment(settings, {}) == {
        "UV_FIND_LINKS": "/a,/b",
        "UV_INDEX": "file:///x file:///y",
        "SSL_CERT_FILE": "/c.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_what_a_person_told_uv_stays() -> None:
    told = {"UV_FIND_LINKS": "/mine", "UV_INDEX_STRATEGY": "first-index"}
    added = uv_environment({"find-links": "/pips", "extra-index-url": "file:///x"}, told)
    assert "UV_FIND_LINKS" not in added
    assert added["UV_INDEX_STRATEGY"] == "first-index"


def test_nothing_is_added_where_pip_has_no_settings() -> None:
    assert uv_environment({}, {}) == {}


@pytest.mark.parametrize(
    ("settings", "environment", "driver", "options"),
    [
        pytest.param({}, {}, False, ["--torch-backend=cpu"], id="a laptop"),
        pytest.param({}, {}, True, ["--torch-backend=auto"], id="a machine with a card"),
        pytest.param({"find-links": "/wheels"}, {}, False, [], id="a folder of packages decides"),
        pytest.param({}, {"UV_FIND_LINKS": "/wheels"}, False, [], id="a folder told to uv decides"),
        pytest.param({}, {"UV_TORCH_BACKEND": "cu130"}, True, [], id="a person decides"),
    ],
)
def test_torch_fits_the_machine(
    settings: dict[str, str], environment: dict[str, str], driver: bool, options: list[str]
) -> None:
    assert torch_options(settings, environment, driver=driver) == options
