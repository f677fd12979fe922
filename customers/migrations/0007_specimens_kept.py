from __future__ import annotations

from django.db import migrations

# The application deletes drafts. What was ever turned in is retired; only the owner of the table erases it.
FORWARD = """
CREATE FUNCTION specimens_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND NOT pg_has_role(
        current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE'
    ) THEN
        RAISE EXCEPTION 'permission denied: a specimen is retired, not deleted'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER specimens_kept BEFORE DELETE ON customers_specimen
    FOR EACH ROW EXECUTE FUNCTION specimens_keep();
"""
BACKWARD = """
DROP TRIGGER specimens_kept ON customers_specimen;
DROP FUNCTION specimens_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_specimens_expiry")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
