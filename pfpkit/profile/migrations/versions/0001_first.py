"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("wallet", sa.String(length=64), nullable=True),
        sa.Column("show_address", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
        sa.UniqueConstraint("wallet", name=op.f("uq_accounts_wallet")),
    )
    op.create_table(
        "challenges",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=True),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_challenges")),
    )
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenges_browser"), ["browser"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenges_ends"), ["ends"], unique=False)

    op.create_table(
        "files",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('writing', 'kept', 'leaving')", name=op.f("ck_files_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_state"), ["state"], unique=False)

    op.create_table(
        "followed",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("blocks", sa.Text(), nullable=False),
        sa.Column("leader", sa.String(length=32), nullable=False),
        sa.Column("lease_ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_followed")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("metadata_json", sa.LargeBinary(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_drafts_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drafts_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_drafts_ends"), ["ends"], unique=False)

    op.create_table(
        "pictures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('ordinary', 'nft')", name=op.f("ck_pictures_kind")),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_pictures_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("account", "kind", name=op.f("uq_pictures_account")),
    )
    op.create_table(
        "sessions",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=30), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_sessions_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account"), ["account"], unique=False)

    op.create_table(
        "holdings",
        sa.Column("picture", sa.String(length=32), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=42), nullable=False),
        sa.Column("token_id", sa.String(length=78), nullable=False),
        sa.Column("standard", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=42), nullable=False),
        sa.Column("since_block", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_block", sa.BigInteger(), nullable=True),
        sa.Column("lost_hash", sa.String(length=66), nullable=True),
        sa.Column("lost_at", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture"], ["pictures.id"], name=op.f("fk_holdings_picture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture", name=op.f("pk_holdings")),
    )
    with op.batch_alter_table("holdings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_holdings_token", ["chain_id", "contract", "token_id"], unique=False
        )

    op.create_table(
        "picture_files",
        sa.Column("picture", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["files.key"], name=op.f("fk_picture_files_key")),
        sa.ForeignKeyConstraint(
            ["picture"], ["pictures.id"], name=op.f("fk_picture_files_picture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture", "role", name=op.f("pk_picture_files")),
        sa.UniqueConstraint("key", name=op.f("uq_picture_files_key")),
    )


def downgrade() -> None:
    op.drop_table("picture_files")
    with op.batch_alter_table("holdings", schema=None) as batch_op:
        batch_op.drop_index("ix_holdings_token")

    op.drop_table("holdings")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_account"))

    op.drop_table("sessions")
    op.drop_table("pictures")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drafts_ends"))
        batch_op.drop_index(batch_op.f("ix_drafts_account"))

    op.drop_table("drafts")
    op.drop_table("followed")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_state"))

    op.drop_table("files")
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenges_ends"))
        batch_op.drop_index(batch_op.f("ix_challenges_browser"))

    op.drop_table("challenges")
    op.drop_table("accounts")
