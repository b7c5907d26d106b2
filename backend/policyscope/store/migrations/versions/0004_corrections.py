"""The hash of what a user corrected of how a model acts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("correction", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("models", "correction")
