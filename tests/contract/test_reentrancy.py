"""Receivers that call back while they are asked: they see and change a finished state

given safeTransferFrom, the receiver may move or burn what it was just given, once
given safeMint, the receiver may burn what it was just given, and not mint more
given a minter that is its own receiver, each mint has its own id and bundle
"""

from support.collection import NOBODY, digest, error_data


def test_safe_transfer_from__when_receiver_moves_it_on__ends_where_it_was_moved(
    project, collection, token, holder, buyer
):
    """The token is the receiver's by the time that it is asked."""
    receiver = holder.deploy(project.ReentrantReceiver)
    move = collection.transferFrom.encode_input(receiver, buyer, token)
    receiver.arm(collection, move, sender=holder)
    receipt = collection.safeTransferFrom(holder, receiver, token, sender=holder)
    assert receipt.events == [
        collection.Transfer(holder, receiver, token),
        collection.Transfer(receiver, buyer, token),
        receiver.CalledBack(True, b""),
        receiver.Received(collection, holder, holder, token, b""),
    ]
    assert collection.ownerOf(token) == buyer
    assert [collection.balanceOf(a) for a in (holder, receiver, buyer)] == [2, 0, 1]


def test_safe_transfer_from__when_approved_receiver_takes_again__is_refused(
    project, collection, token, holder
):
    """The approval that moved the token to the receiver is spent before the receiver is asked."""
    receiver = holder.deploy(project.ReentrantReceiver)
    collection.approve(receiver, token, sender=holder)
    again = collection.transferFrom.encode_input(holder, receiver, token)
    receiver.arm(collection, again, sender=holder)
    take = collection.safeTransferFrom.encode_input(holder, receiver, token)
    receipt = receiver.call(collection, take, sender=holder)
    refusal = error_data(
        collection.ERC721IncorrectOwner, sender=holder, tokenId=token, owner=receiver
    )
    assert receipt.events == [
        collection.Transfer(holder, receiver, token),
        receiver.CalledBack(False, refusal),
        receiver.Received(collection, receiver, holder, token, b""),
    ]
    assert collection.ownerOf(token) == receiver
    assert collection.getApproved(token) == NOBODY
    assert (collection.balanceOf(holder), collection.balanceOf(receiver)) == (2, 1)


def test_safe_transfer_from__when_receiver_burns_it__is_gone(project, collection, token, holder):
    """The outer call ends well; the token has ended too."""
    receiver = holder.deploy(project.ReentrantReceiver)
    receiver.arm(collection, collection.burn.encode_input(token), sender=holder)
    collection.safeTransferFrom(holder, receiver, token, sender=holder)
    assert (collection.balanceOf(holder), collection.balanceOf(receiver)) == (2, 0)
    assert (collection.totalSupply(), collection.totalMinted()) == (2, 3)


def test_safe_mint__when_receiver_burns_it__id_is_used_up(project, collection, minter, holder):
    """The next mint takes the next id."""
    receiver = minter.deploy(project.ReentrantReceiver)
    receiver.arm(collection, collection.burn.encode_input(1), sender=minter)
    receipt = collection.safeMint(receiver, digest(1), b"", sender=minter)
    assert receipt.events == [
        collection.Transfer(NOBODY, receiver, 1),
        collection.Transfer(receiver, NOBODY, 1),
        receiver.CalledBack(True, b""),
        receiver.Received(collection, minter, NOBODY, 1, b""),
    ]
    assert (collection.totalSupply(), collection.totalMinted()) == (0, 1)
    collection.mint(holder, digest(2), sender=minter)
    assert collection.ownerOf(2) == holder


def test_safe_mint__when_receiver_mints__is_refused(project, collection, minter):
    """Being given a token is no right to mint."""
    receiver = minter.deploy(project.ReentrantReceiver)
    more = collection.mint.encode_input(receiver, digest(2))
    receiver.arm(collection, more, sender=minter)
    receipt = collection.safeMint(receiver, digest(1), b"", sender=minter)
    assert receipt.events == [
        collection.Transfer(NOBODY, receiver, 1),
        receiver.CalledBack(False, error_data(collection.NotMinter, account=receiver)),
        receiver.Received(collection, minter, NOBODY, 1, b""),
    ]
    assert collection.totalMinted() == collection.balanceOf(receiver) == 1


def test_safe_mint__when_receiver_is_the_minter__each_mint_has_its_id(
    project, collection, deployer, minter
):
    """A mint inside a mint is the second; neither takes the other's id or bundle."""
    receiver = minter.deploy(project.ReentrantReceiver)
    collection.setMinter(receiver, sender=deployer)
    inner = collection.mint.encode_input(receiver, digest(2))
    receiver.arm(collection, inner, sender=minter)
    outer = collection.safeMint.encode_input(receiver, digest(1), b"")
    receiver.call(collection, outer, sender=minter)
    assert [collection.bundleOf(n) for n in (1, 2)] == [digest(1), digest(2)]
    assert [collection.ownerOf(n) for n in (1, 2)] == [receiver, receiver]
    assert collection.balanceOf(receiver) == collection.totalMinted() == 2


def test_safe_mint__when_the_last_one_is_reentered__supply_is_not_exceeded(
    project, collection, deployer, minter, holder
):
    """The limit counts the token that is being asked about."""
    collection.mintBatch(holder, [digest(n) for n in range(9)], sender=minter)
    receiver = minter.deploy(project.ReentrantReceiver)
    collection.setMinter(receiver, sender=deployer)
    inner = collection.mint.encode_input(receiver, digest(11))
    receiver.arm(collection, inner, sender=minter)
    outer = collection.safeMint.encode_input(receiver, digest(10), b"")
    receiver.call(collection, outer, sender=minter)
    assert collection.totalMinted() == 10
    assert collection.balanceOf(receiver) == 1
