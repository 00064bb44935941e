"""Explorers by name, as the section `pfpkit.explorers` of ape-config.yaml has them.

pfpkit:
  explorers:
    sourcify: {url: "https://sourcify.example/server"}    [default: sourcify.dev]
    etherscan: {url: "https://api.example/api?chainid=1"}  [default: etherscan.io]
"""

from collections.abc import Mapping
from typing import Any

from pfpkit.errors import BadInput
from pfpkit.explorers import Explorer
from pfpkit.explorers.etherscan import Etherscan
from pfpkit.explorers.sourcify import SOURCIFY, Sourcify

__all__ = ["NAMES", "make_explorer", "sourcify"]

NAMES = ("sourcify", "etherscan")


def make_explorer(name: str, section: object, network: str) -> Explorer:
    """Return the explorer of a name for a network such as `ethereum:sepolia`; BadInput names what
    is wrong with the section."""
    if name == "sourcify":
        return sourcify(section)
    ecosystem, _, net = network.partition(":")
    return Etherscan(ecosystem, net, _url(section, name), **_times(section, name))


def sourcify(section: object) -> Sourcify:
    """Return the Sourcify server of the section."""
    return Sourcify(_url(section, "sourcify") or SOURCIFY, **_times(section, "sourcify"))


def _settings(section: object, name: str) -> Mapping[str, Any]:
    whole = {} if section is None else section
    if not isinstance(whole, Mapping) or (unknown := sorted(set(whole) - set(NAMES))):
        named = f": {', '.join(map(str, unknown))}" if isinstance(whole, Mapping) else ""
        raise BadInput(f"ape-config.yaml: pfpkit.explorers has {' and '.join(NAMES)}{named}")
    one = whole.get(name) or {}
    known = {"url", "within_s", "look_s"}
    if not isinstance(one, Mapping) or set(one) - known:
        raise BadInput(f"ape-config.yaml: pfpkit.explorers.{name} has url, within_s and look_s")
    return one


def _url(section: object, name: str) -> str | None:
    url = _settings(section, name).get("url")
    if url is not None and not str(url).startswith(("https://", "http://")):
        raise BadInput(f"ape-config.yaml: pfpkit.explorers.{name}.url is no http(s) address")
    return None if url is None else str(url)


def _times(section: object, name: str) -> dict[str, float]:
    found = {}
    for key in ("within_s", "look_s"):
        value = _settings(section, name).get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise BadInput(f"ape-config.yaml: pfpkit.explorers.{name}.{key} is no time in seconds")
        found[key] = float(value)
    return found
