"""Fetch blocks, files and whole DAGs from gateways that nobody has to trust.

A client of https://specs.ipfs.tech/http-gateways/trustless-gateway/, and of path gateways where the
bytes of a file are enough to know its CID. Every block is hashed before anything looks at it; a
gateway that lies, stalls, floods or redirects is named in a `GatewayFault`, and others are asked
(`pfpkit.race`). Trusts no gateway; trusts the caller for the CID and for which gateways may be
asked.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from pfpkit.addresses import fingerprint
from pfpkit.ahead import AT_ONCE, Ahead
from pfpkit.budget import Budget
from pfpkit.car import CarDecoder
from pfpkit.cid import CID, DAG_PB, RAW, SHA2_256, Block, hash_name, verify
from pfpkit.errors import BadBlock, BadCID, GatewayError
from pfpkit.gateways import Form, Gateway, GatewayFault, Gateways, Limits, Reason, Refused
from pfpkit.ipfs_path import IpfsPath
from pfpkit.race import Race
from pfpkit.unixfs import (
    PROFILES,
    Kind,
    Traversal,
    add_file,
    adrive,
    decode_node,
    drive,
    read_file,
    resolve,
    walk,
)

__all__ = [
    "Fetched",
    "GatewayFault",
    "IpfsPath",
    "Limits",
    "Reason",
    "Retriever",
    "blocks_of_file",
]

_RAW = "application/vnd.ipld.raw"
_CAR = "application/vnd.ipld.car"
_CAR_ACCEPTED = f"{_CAR}; version=1; order=dfs; dups=n"
# A CAR of a path has the directories on the way too.
_BESIDE_FILE_BYTES = 4 * 2**20
_CAR_HEDGES = 4
"""A CAR is larger than a block, so its gateway is waited for longer."""
_OTHER_FORMS = frozenset((Reason.WRONG_TYPE, Reason.REFUSED))


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file's bytes, its CID, and every block that proves them, in the order of reading."""

    data: bytes
    cid: CID
    blocks: tuple[Block, ...]


class Retriever:
    """Asks gateways until one gives the right bytes: the first, and the next when it hesitates.

    A gateway that failed is asked after the others for some minutes. `plain_files`: where no
    gateway gives a block, ask for the file that it may be. `ahead`: how many blocks of a file are
    asked for before they are needed.

    Use as `async with Retriever([...]) as r:`.
    """

    def __init__(
        self,
        gateways: Iterable[str],
        limits: Limits | None = None,
        *,
        plain_files: bool = True,
        ahead: int = AT_ONCE,
    ) -> None:
        self.limits = limits = limits or Limits()
        named = [Gateway.of(text) for text in gateways]
        self.identity = fingerprint(*sorted(gateway.url for gateway in named))
        """Stands for which gateways are asked, and shows nothing of them."""
        self._race = Race(named)
        self._gateways = Gateways(limits)
        self._raw = Form("raw", "?format=raw", _RAW, _RAW, limits.block_bytes, limits.block_s)
        self._car = Form("car", "?format=car", _CAR, _CAR_ACCEPTED, limits.car_bytes, limits.car_s)
        self._plain_files = plain_files
        self._at_once = ahead
        self._without_cars: set[str] = set()
        self._rebuilt: dict[CID, bytes] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateways.aclose()

    @property
    def faults(self) -> list[GatewayFault]:
        """What gateways did wrong, oldest first (the last 1,000)."""
        return list(self._race.faults)

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`, hashed. GatewayError when no gateway gave them.

        A gateway that knows no blocks, only files, is asked for the file: a raw block is one, and
        the blocks of others are built again, by each profile of `pfpkit.unixfs`. BadCID for every
        other hash than sha2-256, identity too: no gateway is asked for it.
        """
        if cid.hash_code != SHA2_256:
            raise BadCID(f"{cid} is a {hash_name(cid.hash_code)} hash, only sha2-256 is verified")
        if (built := self._rebuilt.get(cid.as_v1())) is not None:
            return built

        async def ask(gateway: Gateway) -> bytes:
            data = await self._whole_answer(gateway, cid, self._raw)
            verify(cid, data)
            return data

        try:
            return await self._race.first(cid, "raw", self.limits.hedge_s, ask)
        except GatewayError as error:
            other = any(fault.reason in _OTHER_FORMS for fault in error.faults)
            if not self._plain_files or not other:
                raise
            return await self._from_plain_file(cid, error)

    async def read(
        self, reference: IpfsPath | CID | str, *, max_bytes: int | None = None
    ) -> Fetched:
        """Return the file that `reference` names; every block on the way was hashed.

        NotFound names a missing path segment, BadBlock what is no file, larger than `max_bytes` or
        beyond the limits of one reading; GatewayError also when all of it took too long.
        """
        target = _target(reference)
        limits = self.limits
        async with Ahead(self.block, self._at_once) as ahead:
            budget = Budget(
                ahead.get,
                max_blocks=limits.blocks,
                max_bytes=limits.total_bytes,
                within_s=limits.total_s,
            )
            parts = bytearray()
            file = await adrive(resolve(target.root, target.path), budget.get, hashed=True)
            reading = read_file(
                file,
                write=parts.extend,
                max_bytes=limits.file_bytes if max_bytes is None else max_bytes,
                max_blocks=limits.blocks,
            )
            await adrive(reading, budget.get, hashed=True)
        return Fetched(bytes(parts), file, budget.blocks)

    async def car(self, root: CID) -> tuple[Block, ...]:
        """Return every block under `root`, fetched as one CAR, in depth-first order.

        A CAR that lacks a block is a failure of its gateway; blocks that do not belong to the DAG
        are dropped.
        """

        async def ask(gateway: Gateway) -> tuple[Block, ...]:
            found = await self._car_blocks(gateway, str(root), self._car)
            return _used(walk(root, self.limits.blocks), found)

        return await self._race.first(root, "car", self.limits.hedge_s * _CAR_HEDGES, ask)

    async def entity(self, place: IpfsPath, *, max_bytes: int) -> tuple[Block, ...]:
        """Return the blocks from `place`'s root to its file and all of that, fetched as one CAR.

        One round trip instead of one a block. NotFound and BadBlock are those of `read`;
        GatewayError when no gateway gave such a CAR, which is no proof that the blocks are not
        there: not every gateway knows the form, and one that does not is not asked for it again.
        """
        limits = self.limits
        form = Form(
            "entity",
            "?format=car&dag-scope=entity",
            _CAR,
            _CAR_ACCEPTED,
            min(limits.car_bytes, max_bytes + _BESIDE_FILE_BYTES),
            limits.car_s,
        )

        async def ask(gateway: Gateway) -> tuple[Block, ...]:
            path = f"{place.root}/{quote(place.path)}" if place.path else str(place.root)
            found = await self._car_blocks(gateway, path, form)
            return _used(blocks_of_file(place, max_bytes, limits.blocks), found)

        return await self._first_car(place.root, form.name, ask)

    async def folder(self, root: CID, *, max_bytes: int) -> tuple[Block, ...]:
        """Return every block under a small directory, fetched as one CAR.

        For one of which all will be read, such as a bundle: one round trip for all of its files.
        BadBlock when it is no flat directory, or when more than `max_bytes` are in it, as its links
        say or as came: no gateway is to blame for that. Else as `entity`.
        """
        limits = self.limits
        form = Form("folder", "?format=car", _CAR, _CAR_ACCEPTED, max_bytes, limits.car_s)

        def look(block: Block) -> None:
            # It comes first, and what is beneath it is not waited for.
            if block.cid == root and _size_of_folder(block) > max_bytes:
                raise BadBlock(f"{root}: the directory has more than {max_bytes:,} bytes")

        async def ask(gateway: Gateway) -> tuple[Block, ...]:
            try:
                found = await self._car_blocks(gateway, str(root), form, look)
            except Refused as error:
                if error.reason is Reason.TOO_LARGE:
                    raise BadBlock(f"{root}: more than {max_bytes:,} bytes came of it") from None
                raise
            return _used(walk(root, limits.blocks), found)

        return await self._first_car(root, form.name, ask)

    async def _first_car(
        self, root: CID, name: str, ask: Callable[[Gateway], Awaitable[tuple[Block, ...]]]
    ) -> tuple[Block, ...]:
        """Ask the gateways that may know the form, and note which do not."""

        async def noted(gateway: Gateway) -> tuple[Block, ...]:
            try:
                return await ask(gateway)
            except Refused as error:
                if error.reason in _OTHER_FORMS:
                    self._without_cars.add(gateway.url)
                raise

        patience_s = self.limits.hedge_s * _CAR_HEDGES
        return await self._race.first(root, name, patience_s, noted, without=self._without_cars)

    async def _whole_answer(self, gateway: Gateway, cid: CID, form: Form) -> bytes:
        # One buffer: a body of pieces of one byte would cost fifty times its size as a list.
        data = bytearray()
        await self._gateways.get(gateway, str(cid), form, data.extend)
        return bytes(data)

    async def _car_blocks(
        self,
        gateway: Gateway,
        path: str,
        form: Form,
        look: Callable[[Block], None] = lambda _: None,
    ) -> dict[CID, Block]:
        # What roots the CAR names means nothing to a client, nor whether it is whole by them.
        decoder = CarDecoder(
            max_block_bytes=self.limits.block_bytes, max_blocks=self.limits.blocks, whole=False
        )
        found: dict[CID, Block] = {}

        def take(chunk: bytes) -> None:
            for block in decoder.feed(chunk):
                look(block)
                found[block.cid.as_v1()] = block

        await self._gateways.get(gateway, path, form, take)
        decoder.close()
        return found

    async def _from_plain_file(self, cid: CID, before: GatewayError) -> bytes:
        """Return the block of `cid` from a file as any gateway serves it; `before` if none does."""
        limits = self.limits
        most = limits.block_bytes if cid.codec == RAW else limits.file_bytes
        form = Form("plain", "", "", "*/*", most, limits.car_s)

        async def ask(gateway: Gateway) -> dict[CID, bytes]:
            data = await self._whole_answer(gateway, cid, form)
            if cid.codec == RAW:
                verify(cid, data)
                return {cid: data}
            return _built_again(cid, data)

        try:
            blocks = await self._race.first(cid, "plain", limits.hedge_s * _CAR_HEDGES, ask)
        except GatewayError as error:
            faults = (*before.faults, *error.faults)
            raise GatewayError(
                f"{before}; as a plain file: {error}", reason=before.reason, faults=faults
            ) from None
        if cid.codec == DAG_PB:
            # Its other blocks are asked for next, and those of other files by other walks.
            self._rebuilt |= blocks
            self._forget_rebuilt()
        return blocks[cid.as_v1()]

    def _forget_rebuilt(self) -> None:
        left = _size_of(self._rebuilt)
        while left > self.limits.total_bytes:
            oldest = next(iter(self._rebuilt))
            left -= len(self._rebuilt.pop(oldest))


def _size_of_folder(block: Block) -> int:
    """Return the bytes under a flat directory, as its links say; BadBlock for all else."""
    node = decode_node(block.cid, block.data)
    if node.kind is not Kind.DIRECTORY:
        raise BadBlock(f"{block.cid}: a {node.kind.value} is no flat directory")
    return sum(link.tsize for link in node.links)


def _size_of(blocks: Mapping[CID, bytes]) -> int:
    return sum(map(len, blocks.values()))


def _built_again(cid: CID, data: bytes) -> dict[CID, bytes]:
    """Return the blocks of a file whose root is `cid`; Refused when no profile gives that."""
    for profile in PROFILES.values():
        blocks: dict[CID, bytes] = {}

        def sink(block: Block, blocks: dict[CID, bytes] = blocks) -> None:
            blocks[block.cid.as_v1()] = block.data

        if add_file(data, profile, sink).cid.as_v1() == cid.as_v1():
            return blocks
    raise Refused(
        Reason.WRONG_BYTES,
        f"{len(data)} bytes are no file of {cid} by {' or '.join(PROFILES)}",
    )


def blocks_of_file(place: IpfsPath, max_bytes: int, max_blocks: int) -> Traversal[int]:
    """Walk from `place`'s root to its file and over all of that, and return its bytes' number."""
    file = yield from resolve(place.root, place.path)
    return (
        yield from read_file(file, write=lambda _: None, max_bytes=max_bytes, max_blocks=max_blocks)
    )


def _used(traversal: Traversal[object], found: dict[CID, Block]) -> tuple[Block, ...]:
    """Return the blocks that a traversal needs, each once; refuse when `found` lacks one."""
    used: dict[CID, Block] = {}

    def get(cid: CID) -> bytes:
        block = found.get(cid.as_v1())
        if block is None:
            raise Refused(Reason.INCOMPLETE, f"{len(found)} blocks arrived, {cid} is missing")
        used.setdefault(cid.as_v1(), Block(cid, block.data))
        return block.data

    # The decoder has hashed what it found.
    drive(traversal, get, hashed=True)
    return tuple(used.values())


def _target(reference: IpfsPath | CID | str) -> IpfsPath:
    if isinstance(reference, CID):
        return IpfsPath(reference)
    return IpfsPath.parse(reference) if isinstance(reference, str) else reference
