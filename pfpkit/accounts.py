"""Ape at the edge: the connected network, the account that signs, and the transactions it sends.

Imports ape, as `translation` does and no other module; scripts use it, the resolver does not. Keys
stay in Ape accounts: nothing here sees one.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ape
import click
from ape.cli import ConnectedProviderCommand
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from pfpkit.addresses import address_kinds, without_credentials
from pfpkit.chain import Node, Reverted
from pfpkit.cli.keys import refuse_keys
from pfpkit.cost import Terms, coin_symbol
from pfpkit.deployments import Deployment, forget, record_path
from pfpkit.errors import (
    ChainError,
    NodeUnreachable,
    NoSuchContract,
    NotPinned,
    TransactionFailed,
)
from pfpkit.fork import Fork
from pfpkit.publication import Route
from pfpkit.signing import AccountSigner
from pfpkit.transaction_plan import Intended, Plan, plan
from pfpkit.translation import FOREIGN, origin, plain, translated

if TYPE_CHECKING:
    from ape.api import AccountAPI, ProviderAPI, ReceiptAPI, TransactionAPI
    from ape.contracts import ContractInstance

__all__ = ["ReadingCommand", "ScriptCommand", "Sent", "Session", "named", "test_accounts"]

CONTRACT = "ProfilePicture"
_POLL_S = 1.0
_LOCAL_WAIT_S = 120
_PAUSES_S = (0.2, 0.5, 1.0)
_KEEP_ONE = "start `anvil`, set APE_FOUNDRY_HOST=http://127.0.0.1:8545"


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction that is in a block: what it was for, its hash, block and gas."""

    what: str
    transaction: str
    block: int
    gas: int


class ScriptCommand(ConnectedProviderCommand):
    """An Ape command whose errors are one line on stderr and exit code 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with plain():
            refuse_keys(args[1] if len(args) > 1 else kwargs.get("args", []))
        for option in self.params:
            if option.name == "verbosity":
                # What a script does and why it failed, it says itself; `-v` still asks Ape.
                option.default = "NONE"
        with plain():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with plain():
            return super().invoke(ctx)


class ReadingCommand(ScriptCommand):
    """A ScriptCommand that connects to a network only where the option `pins` is not given."""

    def invoke(self, ctx: click.Context) -> Any:
        if not ctx.params.get("pins"):
            return super().invoke(ctx)
        with plain():
            return self._invoke(ctx)


def test_accounts(count: int) -> list["AccountAPI"]:
    """Return the first accounts of Ape's test mnemonic, which local chains fund."""
    return [ape.accounts.test_accounts[number] for number in range(count)]


class Session:
    """The connected network, and the account that signs on it (None for reading alone)."""

    def __init__(self, provider: "ProviderAPI", account: "AccountAPI | None" = None) -> None:
        # After each transaction Ape would ask the explorer's service which chains it knows, and
        # fail without an answer, though the transaction is in a block.
        provider.network.__dict__["explorer"] = None
        self._provider = provider
        self._account = account
        self.url = str(getattr(provider, "http_uri", None) or provider.uri)
        self.network = f"{provider.network.ecosystem.name}:{provider.network.name}"
        # A chain given by its address alone (`--network http://127.0.0.1:8545`) has no name.
        self.is_local = provider.network.is_dev or self.chain_id in (1337, 31337)
        self.root = Path(ape.project.path)
        self.sent: list[Sent] = []

    @cached_property
    def chain_id(self) -> int:
        """The id of the connected chain."""
        return int(_again(lambda: self._provider.chain_id))

    @property
    def confirmations(self) -> int:
        """How many blocks the network's settings want after a transaction's own."""
        return int(self._provider.network.required_confirmations)

    @property
    def coin(self) -> str:
        """The name of the coin that fees are paid in."""
        ecosystem = self._provider.network.ecosystem
        return coin_symbol(self.chain_id, str(ecosystem.fee_token_symbol))

    @cached_property
    def signer(self) -> AccountSigner:
        """The account, as one that signs and does not send: one, for it is unlocked once."""
        return AccountSigner(self.account, self._provider)

    @property
    def is_ours(self) -> bool:
        """Whether Ape started the node itself, and will stop it when the command ends."""
        return getattr(self._provider, "process", None) is not None

    @property
    def account(self) -> "AccountAPI":
        """The account that signs."""
        if self._account is None:
            raise TransactionFailed("no account to sign with; name one with --account")
        return self._account

    @property
    def address(self) -> str:
        """The address of the account that signs."""
        return str(self.account.address)

    @cached_property
    def genesis(self) -> str:
        """The hash of the chain's first block."""
        return _hex(_again(lambda: self._provider.get_block(0).hash))

    @property
    def compiler(self) -> dict[str, Any]:
        """The compiler of the project, and its settings."""
        return _compiler()

    @contextlib.contextmanager
    def forgetting(self) -> Iterator[None]:
        """Remove at the end the record of a chain that ends with this command."""
        if not self.is_ours:
            yield
            return
        record = self.record()  # asked now: after Ctrl-C the node is gone
        try:
            yield
        finally:
            forget(record)

    def record(self) -> Path:
        """Return where this network's deployment is recorded."""
        return record_path(self.root, self.chain_id, self.genesis, is_local=self.is_local)

    async def deployment(self, node: Node) -> Deployment:
        """Return this network's deployment; refused when there is no code at its address."""
        path = self.record()
        if self.is_ours and not path.exists():
            raise NodeUnreachable(
                f"no node was running at {origin(self.url)}, so that Ape started an empty chain "
                f"for this command alone; {_KEEP_ONE} and run `ape run deploy`"
            )
        found = Deployment.load(path)
        try:
            await node.call(found.address, [], await node.block())
        except NoSuchContract as error:
            raise NoSuchContract(
                f"{path}: {error}, or run `ape run deploy` to deploy another"
            ) from error
        return found

    @property
    def _is_configured(self) -> bool:
        """Whether the node's address is the one that ape-config.yaml has for the network."""
        settings = getattr(self._provider, "settings", None)
        named = getattr(settings, self._provider.network.ecosystem.name, None) or {}
        known = named.get(self._provider.network.name) or {}
        return bool(known.get("uri")) and not self._provider.provider_settings

    async def plan(
        self,
        node: Node,
        what: str,
        intended: Sequence[Intended],
        terms: Terms,
        fork: Fork | None = None,
    ) -> Plan:
        """Return what the account's transactions would cost; see `transaction_plan.plan`."""
        return await plan(
            node,
            what,
            intended,
            account=self.address,
            network=self.network,
            terms=terms,
            symbol=self.coin,
            fork=fork,
            shown_node=None if self.is_local else origin(self.url),
            named=named,
        )

    def agree(self, plan: Plan, terms: Terms, *, yes: bool, quiet: bool = False) -> None:
        """Print network, account and cost, unless `quiet`; refuse what is over a limit or cannot be
        paid; ask on a live network."""
        if not quiet:
            click.echo(plan.head())
        plan.check(terms)
        if not self.is_local and not yes:
            click.confirm("This is a live network. Go on?", abort=True, err=quiet)

    def check_routes(self, routes: Sequence[Route]) -> None:
        """Refuse, on a live network, a gateway that no stranger can ask."""
        for route in routes:
            if not self.is_local and not route.is_public:
                kinds = ", ".join(sorted(address_kinds(route.url)))
                raise NotPinned(
                    f"the gateway {without_credentials(route.url)} is {kinds}, so that it proves "
                    f"nothing on {self.network}, a live network; name a public one with --gateway"
                )

    def hint(self, command: str, *, signs: bool = True) -> str:
        """Return the line that says what to run next, or that this chain ends here."""
        if self.is_ours:
            return f"note: this chain ended with the command; to keep one, {_KEEP_ONE}"
        return f"next: {command}{self._choices(signs=signs)}"

    def _choices(self, *, signs: bool) -> str:
        """Return the options that choose the same account and network again."""
        account = f" --account {self.account.alias or self.address}" if signs else ""
        choice = str(self._provider.network_choice)
        if self.is_local and not self._provider.network.is_adhoc:
            return account
        if self._is_configured:
            return f"{account} --network {self.network}"
        # A node's address may hold its key.
        bare = "://" not in choice or choice.rstrip("/").endswith(origin(self.url))
        return f"{account} --network {choice if bare else 'URL'}"

    def intended_deployment(self, arguments: Mapping[str, Any]) -> Intended:
        """Return the transaction that would deploy the collection."""
        with self._errors("the deployment"):
            contract = getattr(ape.project, CONTRACT)
            data = contract.constructor.serialize_transaction(*arguments.values()).data
        return Intended("deploy", None, bytes(data))

    def intended(self, address: str, method: str, *arguments: Any) -> Intended:
        """Return the transaction that would call a method of the collection."""
        with self._errors(method):
            data = getattr(self._contract(address), method).encode_input(*arguments)
        return Intended(method, address, bytes(data))

    def send(
        self,
        intended: Intended,
        plan: Plan,
        terms: Terms,
        signed: Callable[[], None] = lambda: None,
    ) -> Sent:
        """Send the one transaction that was planned, and wait until it is in a block.

        `signed` is called when it is signed, before it is sent.
        """
        what = "the deployment" if intended.to is None else intended.what
        with self._errors(what):
            asked = self._provider.network.ecosystem.create_transaction(
                sender=self.account.address,
                data=intended.data,
                required_confirmations=0,
                **({} if intended.to is None else {"receiver": intended.to}),
                **plan.overrides(terms),
            )
            receipt = self._transact(what, asked, signed)
        return self._confirmed(intended.what, receipt)

    def _transact(
        self, what: str, asked: "TransactionAPI", signed: Callable[[], None]
    ) -> "ReceiptAPI":
        # The user agreed to the transaction; a keyfile would ask again, twice for each.
        agree = getattr(self.account, "set_autosign", None)
        if agree is not None:
            agree(True)
        ready = self.account.sign_transaction(self.account.prepare_transaction(asked))
        if ready is None:
            raise TransactionFailed(f"{self.address} did not sign {what}, and it was not sent")
        signed()
        receipt = self._provider.send_transaction(ready)
        if int(receipt.block_number) < 0:
            # Ape does not wait for a local node that makes blocks at its own pace.
            receipt = self._provider.get_receipt(str(receipt.txn_hash), timeout=_LOCAL_WAIT_S)
            receipt.raise_for_status()
        return receipt

    def _contract(self, address: str) -> "ContractInstance":
        contract = getattr(ape.project, CONTRACT)
        # Nothing is fetched: an explorer knows no more of it than the project does.
        return ape.chain.contracts.instance_at(
            address,
            contract_type=contract.contract_type,
            fetch_from_explorer=False,
            fetch_from_disk=False,
            detect_proxy=False,
        )

    def _confirmed(self, what: str, receipt: "ReceiptAPI") -> Sent:
        """Note a transaction when as many blocks follow its own as the network's settings ask."""
        sent = Sent(what, str(receipt.txn_hash), int(receipt.block_number), int(receipt.gas_used))
        wanted = self.confirmations
        if wanted:
            # Ape's own wait draws a bar that is no plain line in a pipe, and hides the hash.
            place = f"{sent.transaction} is in block {sent.block}"
            click.echo(f"  {place}; waiting for {wanted} more", err=True)
            with self._errors(what):
                block = self._provider.get_block(sent.block)
                while int(self._provider.get_block("latest").number) < sent.block + wanted:
                    time.sleep(_POLL_S)
                if self._provider.get_block(sent.block).hash != block.hash:
                    raise ChainError(
                        f"{place} no longer, for the chain took another way; run it again, "
                        "which asks the chain what was done"
                    )
        self.sent.append(sent)
        return sent

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except FOREIGN as error:
            raise translated(error, what) from error


def named(reverted: Reverted) -> str:
    """Return a revert in the words of our contract's ABI, or in the node's."""
    for error in getattr(ape.project, CONTRACT).contract_type.errors:
        if reverted.data.startswith(_hex(keccak(text=error.selector)[:4])):
            values = decode([i.canonical_type for i in error.inputs], _bytes(reverted.data)[4:])
            named = (f"{i.name} {v}" for i, v in zip(error.inputs, values, strict=True))
            return f"{error.name}({', '.join(named)})"
    return reverted.reason


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hex(value: Any) -> str:
    return f"0x{value.hex().removeprefix('0x')}" if isinstance(value, bytes) else str(value)


def _again(ask: Callable[[], Any]) -> Any:
    """Ask the node, again when an answer is lost: Ape asks once."""
    for pause in _PAUSES_S:
        try:
            return ask()
        except FOREIGN:
            time.sleep(pause)
    return ask()


def _compiler() -> dict[str, Any]:
    settings = ape.project.config.solidity
    return {
        "name": "solc",
        "version": str(settings.version),
        "evm_version": str(settings.evm_version),
        "via_ir": bool(settings.via_ir),
        "optimizer_runs": int(settings.optimization_runs),
    }
