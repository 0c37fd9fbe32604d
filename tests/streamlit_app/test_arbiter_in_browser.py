"""The pages of the arbiter as people meet them: eight GPUs that two projects share, one of them ill."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from resources.files import write_atomically
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.home import Home
from tests.resources.gpu.inventory.conftest import compile_nvml
from tests.streamlit_app import shared_home
from tests.streamlit_app.test_in_browser import Look, is_calm, looks, picture, served

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.timeout(240)]

MODEL, MEMORY_MIB = "NVIDIA H100 80GB HBM3", 81_559
BUSY_PCT = (87, 64, 12, 99, 100, 45, 3, 0)
PAGES = ("Cluster", "Queue", "Quotas", "Preemptions", "Usage")


@pytest.fixture(scope="module")
def shared(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Looks at a machine of which the real client library of NVML tells, through a stand-in below it."""
    folder = tmp_path_factory.mktemp("shared")
    home = Home(folder / "home")
    well = tuple(
        Device(DeviceId(f"cuda:{at}"), MODEL, MEMORY_MIB, vendor=Vendor.NVIDIA)
        for at in range(len(BUSY_PCT) - 1)
    )
    shared_home.fill(home, datetime.now(UTC), well, memory="8G,")
    write_atomically(home.addresses_file, '{"dagster": "http://127.0.0.1:1"}')
    cards = folder / "cards"
    cards.write_text("\n".join([*map(_card, range(len(BUSY_PCT))), ""]))
    library = compile_nvml(folder)
    told = {"TRAINPLAT_ACCELERATOR": "auto", "LD_LIBRARY_PATH": str(library), "FAKE_NVML": str(cards)}
    with served(home.path, **told) as dashboard:
        yield looks(browser, dashboard)


def _card(at: int) -> str:
    told = [MODEL, str(MEMORY_MIB), f"uuid=GPU-{at}", f"bus=00000000:{16 + at:02X}:00.0"]
    told += [
        f"util={BUSY_PCT[at]}",
        f"used={1024 * (at + 1)}",
        f"celsius={40 + at}",
        f"mw={100_000 * (at + 1)}",
    ]
    return "\t".join([*told, "ecc=2"] if at == len(BUSY_PCT) - 1 else told)


@pytest.mark.needs("chinese font")
@pytest.mark.slow
def test_a_person_looks_through_the_pages_of_the_arbiter_and_previews_other_quotas(shared: Look) -> None:
    with shared("cluster", "Cluster") as page:
        for name in PAGES:
            page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
            expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
            _has_words_of(page, name)
            is_calm(page)
            picture(page, f"arbiter-{name.lower()}")
        page.get_by_test_id("stSidebarNav").get_by_text("Quotas", exact=True).click()
        page.get_by_role("button", name="Edit").click()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_text("These quotas hold already.")).to_be_visible()
        picture(page, "arbiter-quotas-editor")
    for path, title in {"cluster": "集群", "preemptions": "抢占"}.items():
        with shared(path, title, locale="zh-CN", dark=True) as page:
            is_calm(page)
            picture(page, f"arbiter-{path}-zh")
    with shared("cluster", "Cluster", width=640) as page:
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, "the page must not scroll sideways"
        picture(page, "arbiter-cluster-narrow")


def _has_words_of(page: Page, name: str) -> None:
    expected = {
        "Cluster": [
            "6.75 of 8",
            "1 out of order or drained",
            "87 %",
            "cooperative: only watched",
            "uncorrectable",
        ],
        "Queue": ["d1d1d1d1", "2 devices of any kind", "This is above what vision is owed"],
        "Quotas": ["Devices of any kind", "borrows at most 2", "Main memory"],
        "Usage": ["GPU-hours", "vision", "speech"],
        "Preemptions": ["b2b2b2b2", "takes back what speech borrowed", "not yet"],
    }
    for words in expected[name]:
        expect(page.get_by_text(re.compile(re.escape(words))).first).to_be_visible()
    if name == "Cluster":
        expect(page.locator(".tp-sq.tp-ill").first).to_be_visible()
        link = page.locator("a.tp-sq").first
        assert re.fullmatch(r"http://127\.0\.0\.1:1/runs/.+", link.get_attribute("href") or "")
    if name in {"Preemptions", "Usage"}:
        expect(page.locator("canvas, svg.marks").first).to_be_visible()
