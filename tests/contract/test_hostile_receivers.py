"""safeMint and safeTransferFrom to contracts that do not take tokens: reverts, all is as before

given no code for the question, no answer, a wrong one, one too short or far too long, reverts
with ERC721InvalidReceiver
given a refusal without a reason, reverts with ERC721InvalidReceiver
given a refusal with a reason, reverts with that reason, however long
given a receiver that eats all gas, reverts
"""

import pytest
from support.collection import digest, error_data, reverts
from support.node import Reverted

NOT_TAKEN = [
    "DeafReceiver",
    "SilentReceiver",
    "WrongAnswerReceiver",
    "ShortAnswerReceiver",
    "MuteReceiver",
    "HugeAnswerReceiver",
    "GasEatingReceiver",
]


@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_safe_mint__when_receiver_does_not_take_it__nothing_is_minted(
    project, collection, token, minter, fault
):
    """The faulty receiver is named; no id is used up."""
    receiver = minter.deploy(getattr(project, fault))
    with reverts(collection.ERC721InvalidReceiver, receiver=receiver):
        collection.safeMint(receiver, digest(4), b"", sender=minter, gas_limit=2_000_000)
    assert collection.totalMinted() == collection.totalSupply() == 3
    assert collection.balanceOf(receiver) == 0


@pytest.mark.parametrize("data", [(), (b"data",)])
@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_safe_transfer_from__when_receiver_does_not_take_it__nothing_moves(
    project, collection, token, holder, buyer, fault, data
):
    """The faulty receiver is named; holder, balances and approval are as before."""
    receiver = holder.deploy(getattr(project, fault))
    collection.approve(buyer, token, sender=holder)
    with reverts(collection.ERC721InvalidReceiver, receiver=receiver):
        collection.safeTransferFrom(
            holder, receiver, token, *data, sender=buyer, gas_limit=2_000_000
        )
    assert collection.ownerOf(token) == holder
    assert (collection.balanceOf(holder), collection.balanceOf(receiver)) == (3, 0)
    assert collection.getApproved(token) == buyer


def test_safe_mint__when_receiver_gives_a_reason__reverts_with_it(
    project, collection, node, minter
):
    """Whoever minted learns why, in the receiver's words."""
    receiver = minter.deploy(project.ReasonReceiver)
    call = bytes(collection.safeMint.encode_input(receiver, digest(1), b""))
    with pytest.raises(Reverted) as refusal:
        node.transact(minter.address, collection.address, call)
    assert refusal.value.data == error_data(receiver.NoPictures, tokenId=1)
    assert collection.totalMinted() == 0


def test_safe_transfer_from__when_receiver_gives_a_reason__reverts_with_it(
    project, collection, node, token, holder
):
    """Whoever moved it learns why, in the receiver's words."""
    receiver = holder.deploy(project.ReasonReceiver)
    call = bytes(collection.safeTransferFrom.encode_input(holder, receiver, token))
    with pytest.raises(Reverted) as refusal:
        node.transact(holder.address, collection.address, call)
    assert refusal.value.data == error_data(receiver.NoPictures, tokenId=token)
    assert collection.ownerOf(token) == holder


def test_safe_transfer_from__when_reason_is_huge__reverts_with_it(
    project, collection, node, token, holder
):
    """100 kB of reason cost whoever sent it gas, and nobody else anything."""
    receiver = holder.deploy(project.HugeReasonReceiver)
    call = bytes(collection.safeTransferFrom.encode_input(holder, receiver, token))
    with pytest.raises(Reverted) as refusal:
        node.transact(holder.address, collection.address, call)
    assert refusal.value.data == bytes(100_000)
    assert collection.ownerOf(token) == holder
