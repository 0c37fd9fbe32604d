"""Numbers of devices and amounts of memory: exact, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.quantity import MOST_DEVICES, MOST_MEMORY_MIB


@given(st.integers(0, MOST_DEVICES), st.sampled_from(["", ".0", ".00", ".000"]))
def test_a_whole_number_is_that_many_devices(count: int, decimals: str) -> None:
    if count == 0 and decimals:
        return
    request = parse_request(f"{count}{decimals}")
    assert (request.count, request.milli) == (count, 1000)


@given(st.integers(1, 999))
def test_a_share_is_kept_to_the_thousandth(milli: int) -> None:
    request = parse_request(f"0.{milli:03d}")
    assert (request.count, request.milli, request.units_milli) == (1, milli, milli)


@given(st.integers(1, MOST_DEVICES - 1), st.integers(1, 999))
def test_more_than_one_device_is_no_share(count: int, milli: int) -> None:
    with pytest.raises(BadGpuRequest, match="a share of more than one device"):
        parse_request(f"{count}.{milli:03d}")


@given(st.integers(1, 2_999_999).filter(lambda millionths: millionths % 1000))
def test_nothing_is_rounded(millionths: int) -> None:
    whole, rest = divmod(millionths, 1_000_000)
    with pytest.raises(BadGpuRequest, match="finer than a thousandth"):
        parse_request(f"{whole}.{rest:06d}")


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("512M", 512), ("512mb", 512), ("512MiB", 512), ("512 mi", 512), ("8G", 8192), ("8gib", 8192),
        ("1.5G", 1536), ("0.5G", 512), ("0.125g", 128), ("1T", 1_048_576), ("0.25TB", 262_144),
        ("16T", MOST_MEMORY_MIB),
    ],
)  # fmt: skip
def test_memory_is_binary_whatever_the_unit_is_called(text: str, mib: int) -> None:
    assert parse_request(f"{text},0.5").memory_mib == mib
    assert parse_request(f"gpu:{text}").memory_mib == mib


@pytest.mark.parametrize("text", ["0G", "0.000T", "17T", "0.3M", "0.001G", "1.1234G", "9" * 30 + "G"])
def test_memory_that_is_no_whole_number_of_mib_or_that_no_device_has_is_refused(text: str) -> None:
    for request in (f"{text},0.5", f"gpu:{text}"):
        with pytest.raises(BadGpuRequest):
            parse_request(request)
