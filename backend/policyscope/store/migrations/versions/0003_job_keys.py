"""The hash of what a job was asked for, so that an equal request finds the finished result."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("key", sa.String(), nullable=True))
    op.create_index("ix_jobs_key", "jobs", ["key"])


def downgrade() -> None:
    op.drop_index("ix_jobs_key", "jobs")
    op.drop_column("jobs", "key")
