"""Sourcify, Etherscan: a source is published when they compiled it to the code on the chain

given the recorded input, both confirm it; given it before, they say so
given a wrong source, setting, compiler, contract or argument, the reason is told and nothing counts
given a server that is busy, slow, broken or lies, it is asked again or named, never believed
"""

import asyncio
import copy
import json
from dataclasses import replace

import pytest
from support.explorers import KEY, VERSION, EtherscanServer, SourcifyServer
from support.hostile_service import Fault, Reply

from pfpkit.deployments import encoded_arguments
from pfpkit.errors import BadInput, ExplorerError
from pfpkit.explorers import Submission
from pfpkit.explorers.etherscan import Etherscan
from pfpkit.explorers.settings import make_explorer, sourcify
from pfpkit.explorers.sourcify import Sourcify

QUICK = {"within_s": 5.0, "look_s": 0.01}
SOURCE = "contracts/ProfilePicture.sol"


@pytest.fixture
def submission(stage, made):
    """What is recorded of the deployment."""
    given, _ = made
    record = stage.record
    encoded = encoded_arguments(record.arguments)
    return Submission(record.chain_id, record.address, record.transaction, VERSION, given, encoded)


@pytest.fixture
def server(chain):
    """A Sourcify server that knows the chain."""
    with SourcifyServer(chain) as running:
        yield running


@pytest.fixture
def scan(chain, stage, monkeypatch):
    """An Etherscan that knows the chain and the deployment; our key is the right one."""
    monkeypatch.setenv("ETHERSCAN_API_KEY", KEY)
    with EtherscanServer(chain) as running:
        running.transactions[stage.record.address.lower()] = stage.record.transaction
        yield running


def to_sourcify(server, submission, **options):
    return asyncio.run(Sourcify(server.url, **QUICK | options).publish(submission))


def to_etherscan(scan, submission, **options):
    url = f"{scan.url}/v2/api?chainid={scan.chain_id}"
    explorer = Etherscan("ethereum", "local", url, **QUICK | options)
    return asyncio.run(explorer.publish(submission))


def changed(submission, **settings):
    """The submission with other settings of the compiler."""
    given = copy.deepcopy(submission.input)
    given["settings"].update(settings)
    return replace(submission, input=given)


def with_source(submission, old, new):
    given = copy.deepcopy(submission.input)
    text = given["sources"][SOURCE]["content"]
    assert old in text
    given["sources"][SOURCE]["content"] = text.replace(old, new, 1)
    return replace(submission, input=given)


def test_sourcify__recorded_input__is_an_exact_match(server, submission):
    """After some looks; and what it publishes is what it was given."""
    server.looks = 2
    said = to_sourcify(server, submission)
    assert (said.match, said.before) == ("exact_match", False)
    assert said.url.endswith(f"/{submission.chain_id}/{submission.address}")
    assert len(server.asked("/v2/verify/72d1", "GET")) == 3
    found = asyncio.run(
        sourcify({"sourcify": {"url": server.url}}).published(
            submission.chain_id, submission.address
        )
    )
    assert found == submission.input


def test_sourcify__knows_it_already__says_before(server, submission):
    """A second run is no error."""
    to_sourcify(server, submission)
    assert to_sourcify(server, submission).before


def test_sourcify__only_a_comment_differs__is_no_exact_match(server, submission):
    """Its word is given on: the metadata hash at the code's end is another one."""
    other = with_source(submission, "pragma", "// Hello.\npragma")
    assert to_sourcify(server, other).match == "match"


WRONG = {
    "another source": (
        lambda s: with_source(s, "salePrice / 10_000", "salePrice / 10_001"),
        "recompiled bytecode",
    ),
    "other settings": (
        lambda s: changed(s, optimizer={"enabled": True, "runs": 200}),
        "recompiled bytecode",
    ),
    "without via_ir": (lambda s: changed(s, viaIR=False), "recompiled bytecode|Compiler error"),
    "another evm": (lambda s: changed(s, evmVersion="paris"), "recompiled bytecode|Compiler error"),
    "no source": (lambda s: with_source(s, "contract ", "contrac "), "Compiler error"),
    "another compiler": (lambda s: replace(s, compiler="0.8.36+commit.0"), "compiler is not known"),
    "another address": (lambda s: replace(s, address="0x" + "ab" * 20), "is not deployed"),
    "another chain": (lambda s: replace(s, chain_id=5), "chainId 5 is not sup"),
}


@pytest.mark.parametrize("name", WRONG)
def test_sourcify__input_is_wrong__tells_the_reason(server, submission, name):
    """One thing is another one, and nothing is published."""
    change, words = WRONG[name]
    with pytest.raises(ExplorerError, match=words):
        to_sourcify(server, change(submission))
    assert server.confirmed == {}


def test_sourcify__is_busy__is_asked_again(server, submission):
    """429 and 503 without a reason of its own, after the pause that it asks for."""
    server.next(Reply(429, headers={"Retry-After": "0"}), Reply(503), path="/v2/verify")
    assert to_sourcify(server, submission).match == "exact_match"


def test_sourcify__is_busy_for_ever__says_so(server, submission):
    """After some tries."""
    server.next(*[Reply(429)] * 5)
    with pytest.raises(ExplorerError, match="it answered 429 and no reason"):
        to_sourcify(server, submission)


def test_sourcify__is_pending_for_ever__says_to_come_again(server, submission):
    """Not a success, and not a wait without end."""
    server.looks = 10**6
    with pytest.raises(ExplorerError, match=r"has not compiled the source after 0\.2 s; run this"):
        to_sourcify(server, submission, within_s=0.2)


def test_sourcify__ticket_ends_well_and_nothing_is_published__is_not_believed(server, submission):
    """What it publishes is what counts."""
    done = {"isJobCompleted": True, "contract": {"match": "exact_match"}}
    server.next(Reply(200, done), path="/v2/verify/72d1")
    server.next(Reply(404, {"match": None}), path="/v2/contract")
    with pytest.raises(ExplorerError, match="confirmed nothing for 0x"):
        to_sourcify(server, submission)


@pytest.mark.parametrize("path", ["/v2/verify/31337", "/v2/verify/72d1", "/v2/contract"])
@pytest.mark.parametrize("fault", [Fault.NOT_JSON, Fault.EMPTY, Fault.HANGS_UP, Fault.GARBAGE])
def test_sourcify__answers_rubbish__is_one_error(server, submission, path, fault):
    """At every step; a page of HTML with 200 is no success."""
    server.next(fault, path=path)
    with pytest.raises(ExplorerError, match="sourcify"):
        to_sourcify(server, submission, within_s=0.2)


def test_etherscan__recorded_input__is_verified(scan, submission):
    """After some looks; the key is in no message, and the form is Standard JSON."""
    scan.looks = 2
    said = to_etherscan(scan, submission)
    assert (said.match, said.before) == ("verified", False)
    assert scan.confirmed == {submission.address.lower(): "verified"}
    assert len(scan.asked("/v2/api", "GET")) == 3
    assert KEY not in repr(said)


def test_etherscan__knows_it_already__says_before(scan, submission):
    """A second run is no error."""
    to_etherscan(scan, submission)
    assert to_etherscan(scan, submission).before


def test_etherscan__does_not_know_the_contract_yet__is_asked_again(scan, submission):
    """A contract that was deployed a moment ago."""
    scan.unindexed = 3
    assert to_etherscan(scan, submission).match == "verified"


WRONG_FORM = {
    "another source": (lambda s: with_source(s, "10_000", "10_001"), "Fail - Unable to verify"),
    "only a comment": (lambda s: with_source(s, "pragma", "// Hi.\npragma"), "Fail - Unable to v"),
    "other settings": (
        lambda s: changed(s, optimizer={"enabled": True, "runs": 200}),
        "Fail - Unable to verify",
    ),
    "other arguments": (
        lambda s: replace(s, arguments=bytes(31) + b"\x01" + s.arguments[32:]),
        "Fail - Unable",
    ),
    "no arguments": (lambda s: replace(s, arguments=b""), "Fail - Unable to verify"),
    "another compiler": (lambda s: replace(s, compiler="0.8.36+commit.0"), "version is not known"),
    "another chain": (lambda s: s, "unsupported chainid"),
}


@pytest.mark.parametrize("name", WRONG_FORM)
def test_etherscan__form_is_wrong__tells_the_reason(scan, submission, name):
    """It fails loudly, where ape-etherscan's own way logs a line and goes on."""
    change, words = WRONG_FORM[name]
    if name == "another chain":
        scan.chain_id = 5
        url = f"{scan.url}/v2/api?chainid=31337"
        with pytest.raises(ExplorerError, match=words):
            asyncio.run(Etherscan("ethereum", "local", url, **QUICK).publish(submission))
        return
    with pytest.raises(ExplorerError, match=words):
        to_etherscan(scan, change(submission))
    assert scan.confirmed == {}


def test_etherscan__rate_limit__is_waited_out(scan, submission):
    """In the words that it uses, with status 200."""
    limit = {"status": "0", "message": "NOTOK", "result": "Max calls per sec rate limit reached"}
    scan.next(Reply(200, limit), method="POST")
    scan.next(Reply(200, limit), method="GET")
    assert to_etherscan(scan, submission).match == "verified"


def test_etherscan__is_pending_for_ever__says_to_come_again(scan, submission):
    """Not a success, and not a wait without end."""
    scan.looks = 10**6
    with pytest.raises(ExplorerError, match=r"has not compiled the source after 0\.2 s"):
        to_etherscan(scan, submission, within_s=0.2)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fault", [Fault.NOT_JSON, Fault.HANGS_UP, Fault.GARBAGE, Reply(500, b"x")])
def test_etherscan__answers_rubbish__is_one_error(scan, submission, method, fault):
    """At both steps, without the address of the request, for the key is in it."""
    scan.next(fault, method=method)
    with pytest.raises(ExplorerError) as refusal:
        to_etherscan(scan, submission)
    assert KEY not in str(refusal.value)
    assert "etherscan" in str(refusal.value)
    assert scan.confirmed == {} or method == "GET"


def test_etherscan__empty_answer__is_no_ticket(scan, submission):
    """`{}` confirms nothing."""
    scan.next(Fault.EMPTY, method="POST")
    with pytest.raises(ExplorerError, match="refused the source: no reason"):
        to_etherscan(scan, submission)


def test_etherscan__wrong_key__is_said_without_it(scan, submission, monkeypatch):
    """In its words."""
    monkeypatch.setenv("ETHERSCAN_API_KEY", "ANOTHER-KEY")
    with pytest.raises(ExplorerError, match="Invalid API Key") as refusal:
        to_etherscan(scan, submission)
    assert "ANOTHER-KEY" not in str(refusal.value)


def test_etherscan__no_key__says_where_it_goes(scan, submission, monkeypatch):
    """And that there is a way without one; nothing was asked."""
    monkeypatch.delenv("ETHERSCAN_API_KEY")
    with pytest.raises(ExplorerError, match=r"ETHERSCAN_API_KEY is not set.*sourcify"):
        to_etherscan(scan, submission)
    assert scan.requests == []


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ([], "pfpkit.explorers has sourcify and etherscan"),
        ({"blockscout": {}}, "sourcify and etherscan: blockscout"),
        ({"sourcify": {"uri": "x"}}, "has url, within_s and look_s"),
        ({"sourcify": {"url": "ftp://x"}}, "is no http"),
        ({"sourcify": {"look_s": 0}}, "is no time in seconds"),
    ],
)
def test_settings__are_wrong__name_what(section, words):
    """With the place in ape-config.yaml."""
    with pytest.raises(BadInput, match=words):
        make_explorer("sourcify", section, "ethereum:local")


def test_settings__of_both__make_explorers():
    """By name; without a section they are the public ones."""
    both = json.loads('{"sourcify": {"url": "http://127.0.0.1:1"}, "etherscan": null}')
    assert make_explorer("sourcify", both, "ethereum:sepolia").name == "sourcify"
    assert make_explorer("etherscan", None, "base:mainnet").name == "etherscan"
