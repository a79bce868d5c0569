"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.creating import create_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("household", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("county", "household", "digest", name=op.f("pk_attachment")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "division",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_division")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("division", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_division_parent"), ["parent"], unique=False)

    op.create_table(
        "household",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("bank", sa.String(), nullable=True),
        sa.Column("statuses", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_household")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_county_division"), ["county", "division"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_household_county_name"),
            ["county", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_household_county_phone_index"), ["county", "phone_index"], unique=False)

    op.create_table(
        "list",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_list")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("list", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_county_division"), ["county", "division"], unique=False)

    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "serial",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("county", "year", name=op.f("pk_serial")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workflow_version",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("deployed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("hash", name=op.f("uq_workflow_version_hash")),
    )
    op.create_table(
        "cases",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("household", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=True),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("parent", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=True),
        sa.Column("missed", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county", "household"], ["household.county", "household.id"], name=op.f("fk_cases_household")
        ),
        sa.ForeignKeyConstraint(["version"], ["workflow_version.no"], name=op.f("fk_cases_workflow_version")),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_cases")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_household", ["county", "household"], unique=False)
        batch_op.create_index(
            "ix_cases_due",
            ["county", "due_at", "id", "division"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.create_index(
            "ix_cases_running",
            ["county", "division"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.create_index("uq_cases_number", ["county", "number"], unique=True)
        batch_op.create_index(
            "uq_cases_open",
            ["county", "subject", "workflow"],
            unique=True,
            sqlite_where=sa.text("status = 'open' AND parent IS NULL AND subject <> ''"),
            postgresql_where=sa.text("status = 'open' AND parent IS NULL AND subject <> ''"),
        )

    op.create_table(
        "tally",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "county", "due_at", "division", "workflow", "stage", "outcome", "no", name=op.f("pk_tally")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("tally", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tally_new",
            ["no"],
            unique=False,
            sqlite_where=sa.text("no > 0"),
            postgresql_where=sa.text("no > 0"),
        )

    op.create_table(
        "member",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("household", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("id_no", sa.String(), nullable=True),
        sa.Column("id_index", sa.LargeBinary(), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["county", "household"], ["household.county", "household.id"], name=op.f("fk_member_household")
        ),
        sa.PrimaryKeyConstraint("county", "household", "no", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_member_county_name"),
            ["county", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_member_id_index",
            ["county", "id_index"],
            unique=True,
            sqlite_where=sa.text("left_at IS NULL"),
            postgresql_where=sa.text("left_at IS NULL"),
        )

    op.create_table(
        "post",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_post_person")),
        sa.PrimaryKeyConstraint("person", "post", "division", "from_date", name=op.f("pk_post")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_division_post"), ["division", "post"], unique=False)

    op.create_table(
        "deputy",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_deputy_person")),
        sa.ForeignKeyConstraint(["principal"], ["person.key"], name=op.f("fk_deputy_principal")),
        sa.PrimaryKeyConstraint("person", "principal", "post", "division", "from_date", name=op.f("pk_deputy")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "relative",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("household", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_relative_person")),
        sa.PrimaryKeyConstraint("person", "household", name=op.f("pk_relative")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_event",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("behalf", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_case_event_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "seq", name=op.f("pk_case_event")),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index("uq_case_event_command", ["county", "command"], unique=True)

    op.create_table(
        "case_link",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("child", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("ask", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_case_link_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "child", name=op.f("pk_case_link")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("case_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_link_county_child"), ["county", "child"], unique=False)

    op.create_table(
        "clock",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_clock_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "name", "entry", name=op.f("pk_clock")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "list_item",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("list_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_list_item_cases")),
        sa.ForeignKeyConstraint(["county", "list_id"], ["list.county", "list.id"], name=op.f("fk_list_item_list")),
        sa.PrimaryKeyConstraint("county", "list_id", "case_id", name=op.f("pk_list_item")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "batch",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("query", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name=op.f("pk_batch")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_batch_county_person_at"), "batch", ["county", "person", "at"])
    op.create_table(
        "batch_item",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("batch_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("command", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("refused", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_batch_item_cases")),
        sa.ForeignKeyConstraint(["county", "batch_id"], ["batch.county", "batch.id"], name=op.f("fk_batch_item_batch")),
        sa.PrimaryKeyConstraint("county", "batch_id", "no", name=op.f("pk_batch_item")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notice",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("ask", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("over_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_notice_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "ask", "entry", name=op.f("pk_notice")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_outbox_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "seq", "no", name=op.f("pk_outbox")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_post", ["county", "division", "post", "created_at"], unique=False)

    op.create_table(
        "register",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("statuses", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("county", "subject", name=op.f("pk_register")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "response",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("ask", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_response_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "ask", "entry", "who", name=op.f("pk_response")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "task",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_task_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "task", name=op.f("pk_task")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timer",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_timer_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "no", name=op.f("pk_timer")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_timer_due",
            ["due_at", "case_id"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )

    op.create_table(
        "work_item",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("ask", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("signs", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_work_item_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "no", name=op.f("pk_work_item")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_work_item_queue", ["county", "division", "post", "due_at", "case_id", "no"], unique=False
        )

    op.create_table(
        "delivery",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county", "case_id", "seq", "no"],
            ["outbox.county", "outbox.case_id", "outbox.seq", "outbox.no"],
            name=op.f("fk_delivery_outbox"),
        ),
        sa.PrimaryKeyConstraint("county", "case_id", "seq", "no", "person", name=op.f("pk_delivery")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "household_event",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("household", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("command", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county", "household"], ["household.county", "household.id"], name=op.f("fk_household_event_household")
        ),
        sa.PrimaryKeyConstraint("county", "household", "seq", name=op.f("pk_household_event")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("household_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_event_county_command"), ["county", "command"], unique=False)

    op.create_table(
        "concern",
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("case_id", sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql"), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county", "case_id"], ["cases.county", "cases.id"], name=op.f("fk_concern_cases")),
        sa.PrimaryKeyConstraint("county", "case_id", "no", name=op.f("pk_concern")),
        sqlite_with_rowid=False,
    )
    create_triggers(op.get_bind())
