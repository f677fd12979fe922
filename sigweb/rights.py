"""What the application's database role may do, granted by the owner role after every migration.

The application reads and writes rows. It can not change the schema, empty a table, alter what is only ever
appended (the audit trail) or filled by a migration (content types, permissions, the list of migrations), or delete
what was decided (verifications) or searched. Of specimens it deletes drafts alone, which a trigger holds
(customers/migrations/0007_specimens_kept.py).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper

APPEND_ONLY = frozenset({"audit_auditevent"})
NEVER_DELETED = frozenset({"verification_verification", "verification_identification"})
READ_ONLY = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def rights_grant(*, cursor: CursorWrapper, role: str) -> None:
    """Give ``role`` its rights on every table and sequence of the schema, and take away all others."""
    cursor.execute("SELECT format('%%I', %s::text)", [role])
    name = cursor.fetchone()[0]
    cursor.execute(
        "SELECT tablename, format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
    )
    for table, quoted in cursor.fetchall():
        cursor.execute(f"REVOKE ALL ON {quoted} FROM {name}")
        cursor.execute(f"GRANT {_rights_on(table)} ON {quoted} TO {name}")
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")


def _rights_on(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table in APPEND_ONLY:
        return "SELECT, INSERT"
    if table in NEVER_DELETED:
        return "SELECT, INSERT, UPDATE"
    return "SELECT, INSERT, UPDATE, DELETE"


def grant_after_migrate(*, using: str, **_: Any) -> None:
    """Receiver of post_migrate: acts where DATABASE_APP_ROLE names the role, which only `migrate` is told."""
    if settings.DATABASE_APP_ROLE:
        with connections[using].cursor() as cursor:
            rights_grant(cursor=cursor, role=settings.DATABASE_APP_ROLE)
