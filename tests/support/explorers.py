"""Explorers on loopback: they compile what they are sent with the pinned solc, and compare.

Sourcify's API v2 as its OpenAPI description has it, and Etherscan's API v2 as its documentation
has it. What they make of a source is their own work: none of it is pfpkit's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from support.anvil import Anvil
from support.hostile_service import Reply, Request, Service

SOLC = Path(sys.prefix) / "solc" / "solc-v0.8.37"
VERSION = "0.8.37+commit.f401782d"
KEY = "THE-KEY-OF-THE-TESTS"
_CBOR = 53
"""The end of a contract's code: solc's metadata, which a plain "match" of Sourcify's leaves out."""


@dataclass(frozen=True)
class Made:
    """What a source makes, or what solc says of it."""

    creation: bytes = b""
    runtime: bytes = b""
    places: tuple[tuple[int, int], ...] = ()
    error: str = ""


@lru_cache(maxsize=32)
def compiled(text: str, identifier: str) -> Made:
    """Compile a Standard JSON input; each different one once in a run of tests."""
    file, _, name = identifier.rpartition(":")
    given = json.loads(text)
    wanted = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    wanted.append("evm.deployedBytecode.immutableReferences")
    given.setdefault("settings", {})["outputSelection"] = {file: {name: wanted}}
    done = subprocess.run(
        [SOLC, "--standard-json"], input=json.dumps(given), capture_output=True, text=True
    )
    said = json.loads(done.stdout)
    errors = [one["message"] for one in said.get("errors", []) if one["severity"] == "error"]
    if errors or name not in said.get("contracts", {}).get(file, {}):
        return Made(error="; ".join(errors) or "no such contract")
    evm = said["contracts"][file][name]["evm"]
    runtime = evm["deployedBytecode"]
    found = [p for places in runtime["immutableReferences"].values() for p in places]
    return Made(
        bytes.fromhex(evm["bytecode"]["object"]),
        bytes.fromhex(runtime["object"]),
        tuple((p["start"], p["length"]) for p in found),
    )


class _Explorer(Service):
    """Knows one chain, and what was confirmed. `looks` tickets stay open for that many looks."""

    def __init__(self, chain: Anvil) -> None:
        super().__init__()
        self.chain = chain
        self.chain_id = int(chain.rpc("eth_chainId"), 16)
        self.looks = 0
        self.confirmed: dict[str, str] = {}
        self.inputs: dict[str, Any] = {}
        self._tickets: dict[str, list[Any]] = {}

    @abstractmethod
    def answer(self, request: Request) -> Reply: ...

    def code(self, address: str) -> bytes:
        return bytes.fromhex(self.chain.rpc("eth_getCode", address, "latest")[2:])

    def sent(self, transaction: str) -> bytes:
        found = self.chain.rpc("eth_getTransactionByHash", transaction)
        return bytes.fromhex(found["input"][2:]) if found else b""

    def runtime_matches(self, made: Made, address: str, *, upto: int | None = None) -> bool:
        there, here = bytearray(self.code(address)), bytearray(made.runtime)
        for start, length in made.places:
            there[start : start + length] = here[start : start + length] = bytes(length)
        return bool(there) and there[:upto] == here[:upto] and len(there) == len(here)

    def open(self, ticket: str, *outcome: Any) -> None:
        self._tickets[ticket] = [self.looks, *outcome]

    def outcome(self, ticket: str) -> list[Any] | None:
        """What came of a ticket: empty while it is open, None when there is none."""
        found = self._tickets.get(ticket)
        if found is None:
            return None
        if found[0] > 0:
            found[0] -= 1
            return []
        return found[1:]


class SourcifyServer(_Explorer):
    """Sourcify's API v2."""

    def answer(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        if request.method == "POST" and parts[:2] == ["v2", "verify"] and len(parts) == 4:
            return self._verify(parts[2], parts[3], request.json)
        if request.method == "GET" and parts[:2] == ["v2", "verify"]:
            return self._ticket(parts[2])
        if request.method == "GET" and parts[:2] == ["v2", "contract"]:
            return self._contract(parts[2], parts[3], request.query.get("fields", ""))
        return _refused(404, "route_not_found", "no such route")

    def _verify(self, chain: str, address: str, body: dict[str, Any]) -> Reply:
        if chain != str(self.chain_id):
            return _refused(404, "unsupported_chain", f"The chain with chainId {chain} is not sup")
        wanted = {"stdJsonInput", "compilerVersion", "contractIdentifier"}
        if missing := wanted - body.keys():
            return _refused(400, "invalid_parameter", f"missing {sorted(missing)}")
        if self.confirmed.get(address.lower()) == "exact_match":
            said = f"Contract {address} on chain {chain} is already verified with exact_match"
            return _refused(409, "already_verified", said)
        ticket = f"72d12273-0723-448e-a9f6-f7957128{len(self._tickets):04d}"
        self.open(ticket, address, *self._judge(address, body))
        return Reply(202, {"verificationId": ticket})

    def _judge(self, address: str, body: dict[str, Any]) -> tuple[str | None, dict[str, str]]:
        if body["compilerVersion"] != VERSION:
            return None, _error("unsupported_compiler_version", "The compiler is not known")
        text = json.dumps(body["stdJsonInput"], sort_keys=True)
        made = compiled(text, body["contractIdentifier"])
        if made.error:
            return None, _error("compiler_error", f"Compiler error: {made.error}")
        if not self.code(address):
            return None, _error("contract_not_deployed", f"{address} is not deployed")
        if not self.runtime_matches(made, address, upto=-_CBOR):
            said = "The onchain and recompiled bytecodes don't match."
            return None, _error("no_match", said)
        transaction = body.get("creationTransactionHash", "")
        exact = self.runtime_matches(made, address)
        if exact and not self.sent(transaction).startswith(made.creation):
            exact = False
        match = "exact_match" if exact else "match"
        self.confirmed[address.lower()] = match
        self.inputs[address.lower()] = body["stdJsonInput"]
        return match, {}

    def _ticket(self, ticket: str) -> Reply:
        found = self.outcome(ticket)
        if found is None:
            return _refused(404, "job_not_found", f"No verification job found for {ticket}")
        about = {"verificationId": ticket, "jobStartTime": "2026-11-30T03:00:00Z"}
        if not found:
            return Reply(200, {"isJobCompleted": False, **about})
        address, match, error = found
        contract = {"match": match, "chainId": str(self.chain_id), "address": address}
        done = {"isJobCompleted": True, "jobFinishTime": "2026-11-30T03:00:05Z", **about}
        more = {"error": {**error, "errorId": "0"}} if error else {}
        return Reply(200, {**done, "contract": contract, **more})

    def _contract(self, chain: str, address: str, fields: str) -> Reply:
        match = self.confirmed.get(address.lower()) if chain == str(self.chain_id) else None
        about: dict[str, Any] = {"match": match, "chainId": chain, "address": address}
        if match is None:
            return Reply(404, about)
        if "stdJsonInput" in fields:
            about["stdJsonInput"] = self.inputs[address.lower()]
        return Reply(200, about)


class EtherscanServer(_Explorer):
    """Etherscan's API v2: a form in, a ticket out. `unindexed` submissions come too early."""

    def __init__(self, chain: Anvil) -> None:
        super().__init__(chain)
        self.unindexed = 0
        self.transactions: dict[str, str] = {}
        """What an indexer knows: which transaction made a contract."""

    def answer(self, request: Request) -> Reply:
        form = request.query | dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if form.get("apikey") != KEY:
            return _notok("Invalid API Key (#err2)|..")
        if form.get("chainid") != str(self.chain_id):
            return _notok("Missing or unsupported chainid parameter")
        if form.get("module") == "contract" and form.get("action") == "verifysourcecode":
            return self._verify(form) if request.method == "POST" else _notok("POST only")
        if form.get("module") == "contract" and form.get("action") == "checkverifystatus":
            return self._status(form.get("guid", ""))
        return _notok("Error! Missing Or invalid Action name")

    def _verify(self, form: dict[str, str]) -> Reply:
        address = form["contractaddress"].lower()
        if self.unindexed > 0 or not self.code(address):
            self.unindexed -= 1
            return _notok(f"Unable to locate ContractCode at {address}")
        if address in self.confirmed:
            return _notok("Contract source code already verified")
        if form.get("codeformat") != "solidity-standard-json-input":
            return _notok("Unsupported codeformat")
        ticket = f"x3ryqcqr1zdknhfhkimqmizlcqpxncqc6nrvp3pgrcpfsqedq{len(self._tickets)}"
        self.open(ticket, address, self._judge(address, form))
        return Reply(200, {"status": "1", "message": "OK", "result": ticket})

    def _judge(self, address: str, form: dict[str, str]) -> str:
        if form.get("compilerversion") != f"v{VERSION}":
            return "Fail - Unable to verify. Compiler version is not known"
        made = compiled(form["sourceCode"], form["contractname"])
        if made.error:
            return f"Fail - Unable to verify. {made.error}"
        # It knew the misspelt name alone for years, and takes both.
        given = form.get("constructorArguements") or form.get("constructorArguments") or ""
        sent = self.sent(self.transactions[address])
        if made.creation + bytes.fromhex(given) != sent:
            return "Fail - Unable to verify"
        self.confirmed[address] = "verified"
        return "Pass - Verified"

    def _status(self, ticket: str) -> Reply:
        found = self.outcome(ticket)
        if found is None:
            return _notok("Error! Missing Or invalid GUID")
        if not found:
            return Reply(200, {"status": "0", "message": "NOTOK", "result": "Pending in queue"})
        _, said = found
        passed = said.startswith("Pass")
        status = {"status": "1", "message": "OK"} if passed else {"status": "0", "message": "NOTOK"}
        return Reply(200, {**status, "result": said})


def _notok(why: str) -> Reply:
    return Reply(200, {"status": "0", "message": "NOTOK", "result": why})


def _error(code: str, message: str) -> dict[str, str]:
    return {"customCode": code, "message": message}


def _refused(status: int, code: str, message: str) -> Reply:
    return Reply(status, {**_error(code, message), "errorId": "0"})
