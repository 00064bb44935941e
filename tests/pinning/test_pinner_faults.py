"""Pinners when the service fails: what passes is tried again, what does not is said

given one bad answer, waits and tries again, and the DAG is kept once
given an answer that was lost, does not pin a second time
given 401 or 403, AccessDenied and what to set; given 400 or 413, the reason, at once
given 429 or 503 with Retry-After, the whole service is left alone for so long
given no end of bad answers, Unavailable, after as many tries as allowed
given a redirect, a flood or a stall, ends within its bounds
no error holds a secret, or a byte that a terminal would obey
"""

import re

import pytest
from support.backends import REMOTE, bench
from support.dags import dag_of
from support.hostile_service import Fault, Reply, Service
from support.loopback import free_port

from pfpkit.errors import AccessDenied, PinError, Unavailable
from pfpkit.unixfs import UNIXFS_V1_2025

DAG = dag_of({"image": b"pixels" * 300, "metadata.json": b"{}"}, UNIXFS_V1_2025)
WORKING = {
    "kubo": "/dag/import",
    "pinata": "/v3/files",
    "pinata-tus": "/v3/files/up-0",
    "pinata-classic": "/pinning/pinFileToIPFS",
    "service:test": "/pins",
}
"""Where each back end does the work."""

# A worker process takes half a second, so the classic API meets only the first ones.
PASSING = {
    "500": Reply(500, b"oh no"),
    "429": Reply(429, {"error": "slow down"}),
    "cut": Fault.CUT,
    "not JSON": Fault.NOT_JSON,
    "502": Reply(502, b"<html>Bad Gateway</html>"),
    "503": Reply(503),
    "504": Reply(504),
    "408": Reply(408),
    "cut between chunks": Fault.CUT_CHUNKED,
    "hangs up": Fault.HANGS_UP,
    "garbage": Fault.GARBAGE,
    "empty object": Fault.EMPTY,
}
CASES = [
    pytest.param(name, what, id=f"{name}-{what}")
    for name in REMOTE
    for what in (list(PASSING)[:4] if name == "pinata-classic" else PASSING)
]


class Echo(Service):
    """Writes down who asks; the place that redirects lead to."""

    def answer(self, request):
        return Reply(200, {"IpfsHash": str(DAG.root), "data": {"cid": str(DAG.root)}})


@pytest.fixture
def backend(request, tmp_path):
    """The back end that `parametrize` names, beside its peer."""
    with bench(request.param, tmp_path) as made:
        yield made


def error_of(made, kind=PinError):
    """What pinning ends with; no secret is in it, and it is one printable line."""
    with pytest.raises(kind) as caught:
        made.pin(DAG)
    told = str(caught.value)
    assert not [secret for secret in made.secrets if secret in told]
    assert told.isprintable()
    assert len(told) < 800
    assert told.startswith(made.pinner.name)
    # Nothing that a traceback would show beneath it either.
    assert not [secret for secret in made.secrets if secret in repr(caught.value.__context__)]
    return told


@pytest.mark.parametrize(("name", "what"), CASES)
def test_pin__when_one_answer_is_bad__tries_again(name, what, tmp_path):
    """The DAG is kept, once, and the client waited in between."""
    with bench(name, tmp_path) as made:
        made.peer.next(PASSING[what], path=WORKING[name])
        (receipt,) = made.pin(DAG)
        assert receipt.root == DAG.root
        assert (list(made.peer.pins), made.peer.stored) == ([str(DAG.root)], 1)
        assert len(made.peer.asked(WORKING[name])) >= 2
        assert sum(made.clock.slept) > 0


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_pin__when_the_answer_to_the_work_was_lost__is_pinned_once(backend):
    """The service had done it: the second try finds that out."""
    name = "pinata-tus" if hasattr(backend.pinner, "_piece") else backend.pinner.name
    if name == "pinata-tus" and backend.pinner._resumable_from:
        name = "pinata"
    backend.peer.next(Reply(500), path=WORKING[name], after=True)
    (receipt,) = backend.pin(DAG)
    assert receipt.root == DAG.root
    assert (list(backend.peer.pins), backend.peer.stored) == ([str(DAG.root)], 1)
    if name in ("kubo", "pinata", "service:test"):
        # One question is cheap: what was stored is not sent a second time.
        assert len(backend.peer.asked(WORKING[name], "POST")) == 1


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
@pytest.mark.parametrize("status", [401, 403])
def test_pin__when_the_key_is_refused__says_what_to_set(backend, status):
    """And asks only once: a service that is asked again and again bans."""
    # A careless service says the key back.
    echo = f"no access for {' '.join(backend.secrets)}"
    backend.peer.next(*[Reply(status, {"error": {"reason": "NO", "details": echo}})] * 3)
    told = error_of(backend, AccessDenied)
    assert f": {status} " in told
    assert "(NO: no access for ***" in told
    assert re.search(r"; set (KUBO_AUTH|PINATA_JWT|PINATA_API_KEY|TOKEN)\b", told)
    assert len(backend.peer.requests) == 1


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
@pytest.mark.parametrize("status", [400, 413])
def test_pin__when_the_dag_is_refused__says_why_at_once(backend, status):
    """Sending the same again would end in the same."""
    backend.peer.next(Reply(status, {"error": {"reason": "FILE_TOO_LARGE", "details": "no"}}))
    told = error_of(backend)
    assert f"{status} " in told
    assert "(FILE_TOO_LARGE: no)" in told
    assert len(backend.peer.requests) == 1


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, b"", {"Retry-After": "77"}),
        Reply(503, b"", {"Retry-After": "Sat, 21 Nov 2026 09:01:17 GMT"}),
    ],
    ids=["429 in seconds", "503 with a date"],
)
def test_pin__when_told_to_wait__waits_so_long(backend, reply):
    """Seconds or a date, which pinatapy drops both."""
    backend.peer.next(reply)
    backend.pin(DAG)
    assert max(backend.clock.slept) == pytest.approx(77, abs=1)
    assert str(DAG.root) in backend.peer.pins


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_pin__when_told_to_wait_for_years__gives_up(backend):
    """A run that sleeps for a day is no run."""
    backend.peer.next(*[Reply(429, b"", {"Retry-After": "999999999"})] * 3)
    told = error_of(backend, Unavailable)
    assert "asks to be left alone for 999999999 s" in told
    assert len(backend.peer.requests) == 1
    assert sum(backend.clock.slept) < 100


@pytest.mark.parametrize("name", REMOTE)
def test_pin__when_it_never_gets_better__is_unavailable(name, tmp_path):
    """After as many tries as allowed, with the last reason."""
    with bench(name, tmp_path, retries=2) as made:
        made.peer.next(*[Reply(500, {"error": "database is down"})] * 9)
        told = error_of(made, Unavailable)
        assert "500 Internal Server Error (database is down) (tried 3 times)" in told
        assert told.endswith("; run it again later")
        assert len(made.peer.requests) == 3


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_pin__when_redirected__the_secret_goes_nowhere(backend):
    """requests follows a redirect with every header that it does not know to be a secret."""
    with Echo() as elsewhere:
        backend.peer.next(Reply(307, {}, {"Location": f"{elsewhere.url}/v3/files"}))
        told = error_of(backend)
        assert elsewhere.requests == []
    assert "307 " in told
    assert "not followed" in told


@pytest.mark.parametrize("name", REMOTE)
def test_pin__when_it_says_nothing__ends_and_tries_again(name, tmp_path):
    """Its silence costs a bound, not the night."""
    with bench(name, tmp_path, read_s=0.3, total_s=1.5, retries=1) as made:
        made.peer.next(Fault.SILENT, Fault.SILENT)
        told = error_of(made, Unavailable)
        assert "tried 2 times" in told
        assert len(made.peer.requests) == 2


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_pin__when_the_answer_never_ends__is_bounded(backend):
    """In memory and in time."""
    backend.peer.next(Fault.ENDLESS)
    assert "answer has more than" in error_of(backend)


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_pin__when_the_reason_is_hostile__it_is_clipped_and_printable(backend):
    """A megabyte of escape sequences, with the secret across the place of the cut."""
    for secret in backend.secrets:
        backend.peer.next(Reply(400, b"x" * 190 + secret.encode() + b"\x1b[2J\r\n" * 100_000))
        told = error_of(backend)
        assert secret[:10] not in told


@pytest.mark.parametrize("name", REMOTE)
def test_ready__when_nobody_listens__is_unavailable(name, tmp_path):
    """Before anything is uploaded."""
    url = f"http://127.0.0.1:{free_port()}"
    with bench(name, tmp_path, retries=1) as made:
        made.pinner.client.url = url
        with pytest.raises(Unavailable, match=made.pinner.name):
            made.run(lambda pinner: pinner.ready())
        assert made.peer.requests == []


@pytest.mark.parametrize("backend", REMOTE, indirect=True)
def test_ready__when_the_key_is_refused__says_so(backend):
    """Before anything is uploaded."""
    backend.peer.next(Reply(401, {"error": "who are you"}))
    with pytest.raises(AccessDenied, match="who are you"):
        backend.run(lambda pinner: pinner.ready())


@pytest.mark.parametrize("name", ["kubo", "service:test"])
def test_ready__when_it_is_another_server__says_so(name, tmp_path):
    """A web page behind the URL."""
    with bench(name, tmp_path, retries=0) as made:
        made.peer.next(Fault.NOT_JSON)
        with pytest.raises(PinError, match=r"is no (Kubo RPC|pinning service)"):
            made.run(lambda pinner: pinner.ready())
