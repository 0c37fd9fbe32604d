"""Where packages come from: uv must look where pip looks, and torch must fit the machine.

uv reads none of pip's settings, so a machine whose pip knows a package folder or an index of its own would
get other packages, among them the build of torch for NVIDIA cards, which is some gigabytes larger.
"""

import ast
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_UV_NAMES = {
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
}

_COMMA_SEPARATED = ("UV_FIND_LINKS",)

_SCOPES = ("global", "install", ":env:")
"""Of pip's settings the later one wins."""


def pip_settings(python: str) -> dict[str, str]:
    """The settings of pip on this machine, by their short names, as ``pip config list`` tells them."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    return parse_pip_settings(listed)


def parse_pip_settings(listed: str) -> dict[str, str]:
    """Read the output of ``pip config list``: lines such as ``global.find-links='/wheels'``."""
    found: dict[str, tuple[int, str]] = {}
    for line in listed.splitlines():
        key, equals, value = line.partition("=")
        scope, dot, name = key.partition(".")
        if not (equals and dot) or scope not in _SCOPES:
            continue
        rank = _SCOPES.index(scope)
        if name not in found or found[name][0] <= rank:
            found[name] = (rank, str(ast.literal_eval(value)))
    return {name: value for name, (_, value) in found.items()}


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """What to add to the environment of uv so that it looks where pip looks. What is set for uv stays."""
    added: dict[str, str] = {}
    for name, variable in _UV_NAMES.items():
        value = " ".join(settings.get(name, "").split())
        if value and variable not in environment:
            added[variable] = value.replace(" ", ",") if variable in _COMMA_SEPARATED else value
    if "UV_INDEX" in added:
        # pip takes the best version of all indexes; uv by itself stops at the first one that knows the name.
        added.setdefault("UV_INDEX_STRATEGY", environment.get("UV_INDEX_STRATEGY", "unsafe-best-match"))
    return added


def torch_options(settings: Mapping[str, str], environment: Mapping[str, str], *, driver: bool) -> list[str]:
    """How uv chooses the build of torch: by a folder that pip was told of, else by the driver."""
    if "UV_TORCH_BACKEND" in environment:
        return []
    if driver:
        return ["--torch-backend=auto"]
    told = settings.get("find-links") or environment.get("UV_FIND_LINKS")
    return [] if told else ["--torch-backend=cpu"]


def has_nvidia_driver() -> bool:
    """Whether this machine has an NVIDIA driver, so that a CUDA build of torch is of use."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "-1":
        return False
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
