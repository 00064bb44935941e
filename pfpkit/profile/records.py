"""The tables: accounts, sessions, challenges, pictures, their files, and who holds which token.

Times are seconds since 1970, UTC. Token ids are text, for they have up to 78 digits. Changes of
this file come with a migration in `migrations/versions`; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from pfpkit.reference import Standard, TokenRef

__all__ = [
    "Account",
    "Challenge",
    "Draft",
    "Followed",
    "Holding",
    "Picture",
    "PictureFile",
    "Record",
    "Session",
    "StoredFile",
]

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Record(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {int: BigInteger()}  # noqa: RUF012 - as SQLAlchemy declares it


class Account(Record):
    """Somebody with a profile. `wallet` is a keyed hash: the address itself is not kept."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    password: Mapped[str | None] = mapped_column(Text)
    wallet: Mapped[str | None] = mapped_column(String(64), unique=True)
    show_address: Mapped[bool] = mapped_column(default=False)
    since: Mapped[int]


class Session(Record):
    """A browser that is signed in. `key` is the hash of its cookie."""

    __tablename__ = "sessions"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(
        ForeignKey("accounts.name", ondelete="CASCADE"), index=True
    )
    began: Mapped[int]
    ends: Mapped[int]


class Challenge(Record):
    """A message that a wallet was asked to sign; it is deleted when it comes back."""

    __tablename__ = "challenges"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser: Mapped[str] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(String(30))
    ends: Mapped[int] = mapped_column(index=True)


class StoredFile(Record):
    """One object of the store. Its row is there before the object, and leaves after it.

    `state` is `writing`, `kept` or `leaving`; what is not `kept` for long is swept away.
    """

    __tablename__ = "files"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    etag: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), index=True)
    since: Mapped[int]

    __table_args__ = (CheckConstraint("state in ('writing', 'kept', 'leaving')", name="state"),)


class Picture(Record):
    """A picture of somebody: `ordinary` or `nft`, at most one of each."""

    __tablename__ = "pictures"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    since: Mapped[int]
    files: Mapped[list["PictureFile"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )
    holding: Mapped["Holding | None"] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )

    __table_args__ = (
        UniqueConstraint("account", "kind"),
        CheckConstraint("kind in ('ordinary', 'nft')", name="kind"),
    )


class PictureFile(Record):
    """One square of a picture, by its edge in pixels and its type."""

    __tablename__ = "picture_files"

    picture: Mapped[str] = mapped_column(
        ForeignKey("pictures.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("files.key"), unique=True)


class Holding(Record):
    """Who holds the token of a picture, since which block, and when that was last confirmed.

    `read_at` is when the follower read it last, 0 before it did. `lost_*` are of the block in which
    another had it. `facts` is JSON: what the page shows.
    """

    __tablename__ = "holdings"

    picture: Mapped[str] = mapped_column(
        ForeignKey("pictures.id", ondelete="CASCADE"), primary_key=True
    )
    chain_id: Mapped[int]
    contract: Mapped[str] = mapped_column(String(42))
    token_id: Mapped[str] = mapped_column(String(78))
    standard: Mapped[str] = mapped_column(String(8))
    holder: Mapped[str] = mapped_column(String(42))
    since_block: Mapped[int]
    block: Mapped[int]
    block_hash: Mapped[str] = mapped_column(String(66))
    block_time: Mapped[int]
    checked_at: Mapped[int]
    read_at: Mapped[int] = mapped_column(default=0)
    lost_block: Mapped[int | None]
    lost_hash: Mapped[str | None] = mapped_column(String(66))
    lost_at: Mapped[int | None]
    facts: Mapped[str] = mapped_column(Text)
    receipt: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_holdings_token", "chain_id", "contract", "token_id"),)

    @property
    def ref(self) -> TokenRef:
        """The token's name."""
        return TokenRef(self.chain_id, self.contract, int(self.token_id), Standard(self.standard))


class Followed(Record):
    """How far a chain was followed, by whom, and the last blocks, newest first, as JSON."""

    __tablename__ = "followed"

    chain_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block: Mapped[int]
    blocks: Mapped[str] = mapped_column(Text)
    leader: Mapped[str] = mapped_column(String(32))
    lease_ends: Mapped[int]


class Draft(Record):
    """A picture that somebody means to mint: its cleaned image and its metadata, for an hour."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(
        ForeignKey("accounts.name", ondelete="CASCADE"), index=True
    )
    image: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(String(40))
    metadata_json: Mapped[bytes] = mapped_column(LargeBinary)
    ends: Mapped[int] = mapped_column(index=True)
