"""What people write about features."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feature_notes",
        sa.Column("sae_id", sa.String(), sa.ForeignKey("saes.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("feature_idx", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String()),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("feature_notes")
