"""The analysers, each a function that returns what it finds in the contract that is deployed.

All are given the same sources, those of `standard_json_input`, and the pinned solc. An analyser
that does not come to an end, or looks at nothing, ends the run: its silence is no result.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pfpkit.solidity import CONTRACT, compiler_settings, standard_json_input

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / ".build" / "analyse"
INPUT = HERE / "input.json"
CONFIG = ROOT / "analysis" / "solhint.json"
NAME = Path(CONTRACT).stem
SILENCED = re.compile(r"(slither|solhint)-disable")
WITHIN_S = 300


class AnalyserFailed(Exception):
    """An analyser did not do its work; says which, and what it printed."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that an analyser says: of which kind, how grave, where, and in its own words."""

    kind: str
    impact: str
    where: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What one analyser, with its version, found; and how much it looked at."""

    analyser: str
    findings: list[Finding]
    looked_at: str


def prepare() -> dict[str, Any]:
    """Write what the analysers read into .build/analyse, and return the compiler's input."""
    given = standard_json_input(ROOT)
    for name, source in given["sources"].items():
        if found := SILENCED.search(source["content"]):
            raise AnalyserFailed(f"{name}: has {found[0]!r}; answer in docs/security.md instead")
    del given["settings"]["outputSelection"]  # each Slither asks for its own
    solc = HERE / "bin" / "solc"  # the name that the older Slither looks for on PATH
    solc.parent.mkdir(parents=True, exist_ok=True)
    solc.unlink(missing_ok=True)
    solc.symlink_to(ROOT / ".venv" / "solc" / f"solc-v{compiler_settings(ROOT)['version']}")
    INPUT.write_text(json.dumps(given))
    return given


def _run(*command: str | Path, given: str = "") -> tuple[str, str]:
    """Both streams of an analyser; its exit code says whether it found something, or nothing."""
    path = f"{HERE / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603
        [str(c) for c in command],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "NO_COLOR": "1"},
        input=given,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    return done.stdout, done.stderr


def _locked(name: str, package: str) -> str:
    text = (ROOT / "analysis" / f"{name}.lock").read_text()
    found = re.search(rf"^{package}==(\S+)", text, re.MULTILINE)
    if not found:
        raise AnalyserFailed(f"analysis/{name}.lock does not pin {package}")
    return found[1]


def _slither(environment: str) -> list[dict[str, Any]]:
    program = HERE / environment / "bin" / "slither"
    out, err = _run(program, INPUT, "--compile-force-framework", "Solc-json", "--json", "-")
    answer = json.loads(out) if out.strip() else {"success": False}
    if not answer["success"]:
        raise AnalyserFailed(f"{environment}: {answer.get('error') or err[-3000:]}")
    detectors: list[dict[str, Any]] = answer["results"].get("detectors", [])
    return detectors


def _finding(found: dict[str, Any]) -> Finding:
    words = re.sub(r" \(contracts/[^)]*#[^)]*\)", "", " ".join(found["description"].split()))
    return Finding(found["check"], found["impact"].lower(), _where(found["elements"]), words)


def _where(elements: list[dict[str, Any]]) -> str:
    """`Contract.function` that a finding begins with; its contract, when it is of several alike."""
    first = _place(elements[0])
    alike = elements[0]["type"] == "node" and any(_place(one) != first for one in elements)
    return first.split(".")[0] if alike else first


def _place(element: dict[str, Any]) -> str:
    names: list[str] = []
    while element:
        if element["type"] in ("function", "contract", "pragma", "import"):
            names.insert(0, element["name"])
        element = element.get("type_specific_fields", {}).get("parent", {})
    return ".".join(names)


def slither() -> Report:
    """Every detector of Slither."""
    listed, _ = _run(HERE / "slither" / "bin" / "slither", "--list-detectors-json")
    count = len(json.loads(listed))
    findings = [_finding(found) for found in _slither("slither")]
    return Report(
        f"Slither {_locked('slither', 'slither-analyzer')}", findings, f"{count} detectors"
    )


def slitherin() -> Report:
    """The detectors that Slitherin adds, and not those of the older Slither that it runs on."""
    listed, _ = _run(HERE / "slitherin" / "bin" / "slither", "--list-detectors-json")
    count = sum(one["check"].startswith("pess-") for one in json.loads(listed))
    if not count:
        raise AnalyserFailed("slitherin: its detectors are not there")
    findings = [
        _finding(found) for found in _slither("slitherin") if found["check"].startswith("pess-")
    ]
    return Report(f"Slitherin {_locked('slitherin', 'slitherin')}", findings, f"{count} detectors")


def check_erc() -> Report:
    """Whether functions and events are those of ERC-721 and ERC-165, by slither-check-erc."""
    findings, checks = [], 0
    for standard in ("ERC721", "ERC165"):
        options = ("--erc", standard, "--compile-force-framework", "Solc-json")
        said = "".join(_run(HERE / "slither" / "bin" / "slither-check-erc", INPUT, NAME, *options))
        if "[✓]" not in said:
            raise AnalyserFailed(f"slither-check-erc {standard}: {said[-3000:]}")
        checks += said.count("[✓]")
        missing = re.findall(r"\[ \] (.*)", said)
        findings += [Finding(standard, "standard", NAME, words) for words in missing]
    version = _locked("slither", "slither-analyzer")
    return Report(f"slither-check-erc {version}", findings, f"{checks} checks passed")


def solhint() -> Report:
    """The recommended rules of solhint, but those that analysis/solhint.json changes."""
    modules = HERE / "solhint" / "node_modules"
    version = json.loads((modules / "solhint" / "package.json").read_text())["version"]
    names = list(standard_json_input(ROOT)["sources"])
    options = ("-c", CONFIG, "--noPoster", "--disc", "-f", "json")
    out, err = _run("node", modules / "solhint" / "solhint.js", *options, *names)
    try:
        # The last entry counts the others; solhint prints nothing when there are none.
        answer = json.loads(out) if out.strip() else []
    except json.JSONDecodeError:
        raise AnalyserFailed(f"solhint: {(out + err)[-3000:]}") from None
    if err.strip():
        raise AnalyserFailed(f"solhint: {err[-3000:]}")
    findings = [
        Finding(one["ruleId"], one["severity"].lower(), Path(one["filePath"]).name, one["message"])
        for one in answer
        if "ruleId" in one
    ]
    return Report(f"solhint {version}", findings, f"{len(names)} files")


def solc() -> Report:
    """The compiler's own warnings."""
    version = compiler_settings(ROOT)["version"]
    given = standard_json_input(ROOT)
    out, err = _run(HERE / "bin" / "solc", "--standard-json", given=json.dumps(given))
    answer = json.loads(out) if out.strip() else {}
    if CONTRACT not in answer.get("contracts", {}):
        raise AnalyserFailed(f"solc: {(out + err)[-3000:]}")
    findings = [
        Finding(
            f"warning {one['errorCode']}",
            one["severity"],
            Path(one["sourceLocation"]["file"]).name,
            one["message"],
        )
        for one in answer.get("errors", [])
    ]
    return Report(f"solc {version}", findings, f"{len(given['sources'])} files")


ALL: tuple[Callable[[], Report], ...] = (solc, slither, check_erc, slitherin, solhint)
