"""Keep by what a decision was measured."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Keep by what a decision was measured: as the evaluations of its data set say."""
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("measure", sa.String(length=20), server_default="accuracy", nullable=False)
        )
    for measure in ("span_f1", "box_ap50"):
        op.execute(
            sa.text(
                "UPDATE decisions SET measure = :measure "
                "WHERE dataset IN (SELECT dataset FROM evaluations WHERE scores LIKE :told)"
            ).bindparams(measure=measure, told=f'%"measure": "{measure}"%')
        )
