"""What a test asks of a node: one token's views, at its latest block."""

from pfpkit.chain import Call, Node
from pfpkit.reference import TokenRef

REF = TokenRef(31337, "0x" + "22" * 20, 7)
VIEWS = [
    Call("ownerOf(uint256)", "address", (7,)),
    Call("tokenURI(uint256)", "string", (7,)),
    Call("imageURI(uint256)", "string", (7,), optional=True),
]


async def called(url, timeout_s=5.0):
    """Their answers, of a node at `url`."""
    async with Node(url, timeout_s=timeout_s) as node:
        assert await node.chain_id() == REF.chain_id
        return await node.call(REF.contract, VIEWS, await node.block())
