"""Node: its address may hold a key or a password, which goes to the node and nowhere else

given a URL with a key, no message and no log has it; given what is no URL, it is not shown
"""

import asyncio
import logging

import pytest
from support.called import called
from support.hostile_node import KEPT, WAITS, Fault, HostileNode, views

from pfpkit.chain import Node
from pfpkit.errors import BadInput, PfpkitError

SECRETS = [
    "http://user:s3cret@{}",
    "http://{}/v3/s3cret",
    "http://{}/?key=s3cret",
    "http://s3cret@{}",
]


@pytest.mark.parametrize("form", SECRETS)
@pytest.mark.parametrize("fault", [*KEPT, None])
def test_call__when_the_url_has_a_key__is_in_no_message_and_no_log(form, fault, caplog):
    """Password, path or query: whoever reads an error or a log cannot use the node."""
    caplog.set_level(logging.DEBUG)
    with HostileNode({"eth_call": views, "eth_getCode": "0x"}, fault or Fault.NONE) as node:
        url = form.format(node.url.removeprefix("http://"))
        with pytest.raises(PfpkitError) as refusal:
            asyncio.run(called(url, 0.3 if fault in WAITS else 5.0))
        assert node.heads or fault is Fault.HANGS_UP
    told = [refusal.value]
    while told[-1].__cause__ or told[-1].__context__:
        told.append(told[-1].__cause__ or told[-1].__context__)
    assert not [error for error in told if "s3cret" in f"{error} {error!r}"]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("form", SECRETS)
def test_call__when_the_url_has_a_key__is_sent_to_the_node(form):
    """As Basic authentication, in the path, or in the query."""
    with HostileNode({"eth_call": views}) as node:
        asyncio.run(called(form.format(node.url.removeprefix("http://"))))
        sent = node.heads[0]
    assert "s3cret" in sent or "dXNlcjpzM2NyZXQ=" in sent or "czNjcmV0Og==" in sent


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3cret",
        "ws://127.0.0.1:8545/s3cret",
        "http://",
        "http://user:s3/cret@127.0.0.1",
        "http://user:s3cret@127.0.0.1:port",
        "http://user:s3cret@[::1",
        "http://s3cret\n@127.0.0.1",
        "file:///s3cret",
    ],
)
def test_node__when_the_address_is_no_url__is_refused_without_showing_it(url):
    """It may be a key that was pasted into the wrong place."""
    with pytest.raises(BadInput, match="the node's address is no URL") as refusal:
        Node(url)
    assert "s3" not in f"{refusal.value}{refusal.value.__cause__}"
