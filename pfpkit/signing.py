"""An Ape account as one that signs and does not send: the bytes are kept, and sent from here.

Keys stay in Ape's accounts; what is signed is compared with what was asked for.
"""

from typing import TYPE_CHECKING

from pfpkit.errors import TransactionFailed
from pfpkit.transactions.signed import Request, Signed
from pfpkit.translation import FOREIGN, translated

if TYPE_CHECKING:
    from ape.api import AccountAPI, ProviderAPI

__all__ = ["AccountSigner"]

_DYNAMIC_FEE = 2


class AccountSigner:
    """A `Signer`. A keyfile is unlocked once, at the first signature: by its passphrase, or by
    Ape's APE_ACCOUNTS_<alias>_PASSPHRASE; a hardware wallet asks for each."""

    def __init__(self, account: "AccountAPI", provider: "ProviderAPI") -> None:
        self._account = account
        self._provider = provider
        self._is_open = False

    @property
    def address(self) -> str:
        """The account's address."""
        return str(self._account.address)

    def sign(self, request: Request) -> Signed:
        """Return the transaction, signed; TransactionFailed when the account does not sign it."""
        what = f"the transaction with nonce {request.nonce}"
        try:
            self._open()
            asked = self._provider.network.ecosystem.create_transaction(
                type=_DYNAMIC_FEE,
                chainId=request.chain_id,
                nonce=request.nonce,
                receiver=request.to,
                data=request.data,
                gas=request.gas,
                max_fee=request.max_fee,
                max_priority_fee=request.tip,
                value=0,
                sender=self._account.address,
            )
            signed = self._account.sign_transaction(asked)
            if signed is None or not signed.signature:
                raise TransactionFailed(
                    f"{self.address} did not sign {what}, and it was not sent; an account that "
                    "the node has unlocked cannot sign here: use a keyfile, a hardware wallet or "
                    "TEST::0"
                )
            # Ape compares whose signature it is with the sender.
            return Signed.parse(signed.serialize_transaction())
        except FOREIGN as error:
            raise translated(error, what) from error

    def _open(self) -> None:
        # The user agreed to all of them before; a keyfile would ask three things for each.
        agree = getattr(self._account, "set_autosign", None)
        if agree is not None and not self._is_open:
            agree(True)
        self._is_open = True
