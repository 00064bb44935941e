"""verify_source: an input is compiled, and makes the code on the chain or not

given the input beside the record, or a published one, it is compiled and compared
given another one, a missing or a broken file, says so
"""

import asyncio
import copy
import json

import pytest
from support.hostile_node import HostileNode, passing

from pfpkit.chain import Node
from pfpkit.deployments import input_path
from pfpkit.errors import BadInput, BadRecord, NodeUnreachable, Unverified
from pfpkit.flow.verify_source import read_input, verify_source


def verify(stage, given, *, url=None, **options):
    async def work():
        async with Node(url or stage.chain.url) as node:
            await verify_source(stage.record, given, "the file", node, **options)

    asyncio.run(work())


def test_verify_source__recorded_input__makes_the_code(stage, capsys):
    """Byte for byte, immutables apart, with the arguments that were sent."""
    verify(stage, read_input(stage.path))
    assert capsys.readouterr().out.endswith("the source makes the deployed code\n")
    verify(stage, read_input(stage.path), as_json=True)
    assert json.loads(capsys.readouterr().out)["runtime"] == stage.record.code["runtime"]


def test_verify_source__a_comment_differs__is_refused(stage):
    """The metadata at the code's end commits to every letter."""
    given = copy.deepcopy(read_input(stage.path))
    source = given["sources"]["contracts/ProfilePicture.sol"]
    source["content"] = source["content"].replace("pragma", "// Hello.\npragma", 1)
    with pytest.raises(Unverified) as refusal:
        verify(stage, given)
    assert "chain: " in str(refusal.value)
    assert "transaction: it deployed other code" in str(refusal.value)


def test_verify_source__does_not_compile__has_the_compilers_words(stage):
    """An input that was cut short."""
    given = copy.deepcopy(read_input(stage.path))
    given["sources"].popitem()
    with pytest.raises(BadInput, match="solc refuses"):
        verify(stage, given)


def test_verify_source__another_solc__is_not_guessed(stage):
    """The record's version has to be here."""
    stage.save(compiler={**stage.record.compiler, "version": "0.8.1"})
    with pytest.raises(BadInput, match=r"solc-v0\.8\.1 is not here; run `make setup`"):
        verify(stage, read_input(stage.path))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "a": 2}'])
def test_read_input__file_is_broken__is_refused(stage, text):
    """With what to do."""
    input_path(stage.path).write_text(text)
    with pytest.raises(BadRecord, match="restore it from git"):
        read_input(stage.path)


def test_read_input__file_is_missing__names_the_other_way(stage):
    """An explorer may publish it."""
    input_path(stage.path).unlink()
    with pytest.raises(BadRecord, match="--source sourcify"):
        read_input(stage.path)


def test_verify_source__node_gives_no_transaction__says_what_it_gave(stage):
    """What is no bytes is the node's fault, and no difference."""
    broken = {"eth_getTransactionByHash": {"input": "zz"}}
    wrong = pytest.raises(NodeUnreachable, match="no hexadecimal digits; is it a node")
    with HostileNode(passing(stage.chain) | broken) as node, wrong:
        verify(stage, read_input(stage.path), url=node.url)
