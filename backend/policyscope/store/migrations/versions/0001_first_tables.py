"""The first tables: models, SAEs, runs and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "filename", "format")),
        sa.Column("created_at", sa.String(), nullable=False, index=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("sha256", "activation", "activation_source")
        ),
        sa.Column("n_parameters", sa.Integer(), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("sae_id", sa.String()),
        sa.Column("intervention", sa.JSON()),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String()) for name in ("owner", "lease_until", "heartbeat_at")),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.JSON()),
        sa.Column("created_at", sa.String(), nullable=False),
        *(sa.Column(name, sa.String()) for name in ("started_at", "finished_at")),
        sa.Index("ix_jobs_state_created_at", "state", "created_at"),
    )
    op.create_table(
        "saes",
        sa.Column("id", sa.String(), primary_key=True),
        _model_id(),
        sa.Column("content", sa.String(), nullable=False, index=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("created_at", "artifacts_dir")),
        sa.Column("tap_index", sa.Integer(), nullable=False),
        sa.Column("info", sa.JSON(), nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), primary_key=True),
        _model_id(),
        sa.Column("job_id", sa.String(), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False, index=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    for table in ("runs", "saes", "jobs", "models"):
        op.drop_table(table)


def _model_id() -> sa.Column[str]:
    return sa.Column(
        "model_id", sa.String(), sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False, index=True
    )
