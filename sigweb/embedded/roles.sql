-- Database and roles of SigWeb, for the embedded server and for the server of docker-compose.yml alike.
-- Run by psql as superuser; takes OWNER_PASSWORD and APPLICATION_PASSWORD (or *_PASSWORD_FILE) from the environment.
-- May run any number of times.
\set owner_password `printf %s "${OWNER_PASSWORD:-$(cat "$OWNER_PASSWORD_FILE")}"`
\set application_password `printf %s "${APPLICATION_PASSWORD:-$(cat "$APPLICATION_PASSWORD_FILE")}"`

SELECT 'CREATE ROLE sigweb_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sigweb_owner') \gexec
SELECT 'CREATE ROLE sigweb_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sigweb_app') \gexec
ALTER ROLE sigweb_owner PASSWORD :'owner_password';
ALTER ROLE sigweb_app PASSWORD :'application_password';

SELECT 'CREATE DATABASE sigweb OWNER sigweb_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sigweb') \gexec
REVOKE ALL ON DATABASE sigweb FROM PUBLIC;
GRANT CONNECT ON DATABASE sigweb TO sigweb_app;

\connect sigweb
ALTER SCHEMA public OWNER TO sigweb_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sigweb_app;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
