-- The role that Grafana reads with, and the columns that it may see: none that is sealed, no hash, no token, no content.
--
--   READER_PASSWORD=… psql DATABASE_URL -v ON_ERROR_STOP=1 -f reader.sql
--
-- Done again it changes nothing but the password; run it after an upgrade, for columns that came with it. It needs the right
-- to make roles. Grants on columns, and no views: a view would stand in the way of migrations.
\getenv password READER_PASSWORD
BEGIN;
SELECT pg_advisory_xact_lock(hashtext('proxmox_mpc_reader')) \g /dev/null
SELECT 'CREATE ROLE proxmox_mpc_reader' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'proxmox_mpc_reader') \gexec
ALTER ROLE proxmox_mpc_reader WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 20 PASSWORD :'password';
-- A panel that somebody wrote badly harms nobody.
ALTER ROLE proxmox_mpc_reader SET statement_timeout = '30s';
ALTER ROLE proxmox_mpc_reader SET default_transaction_read_only = on;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM proxmox_mpc_reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO proxmox_mpc_reader;

GRANT SELECT (version_num) ON alembic_version TO proxmox_mpc_reader;
GRANT SELECT (name) ON contexts TO proxmox_mpc_reader;
GRANT SELECT (id, context, name, created_at) ON applications TO proxmox_mpc_reader;
GRANT SELECT (application_id, number, created_at, finished_at, actor, status) ON revisions TO proxmox_mpc_reader;
GRANT SELECT (context, kind, namespace, name, application, updated_at) ON resources TO proxmox_mpc_reader;
GRANT SELECT (id, context, application, verb, actor, host, started_at, ended_at, status, seen_at) ON runs TO proxmox_mpc_reader;
GRANT SELECT (run_id, seq, method, state, at) ON journal TO proxmox_mpc_reader;
GRANT SELECT (id, context, at, type, reason, kind, namespace, name, message, actor) ON events TO proxmox_mpc_reader;
GRANT SELECT (id, context, resource_type, resource_id, at, change, state) ON snapshots TO proxmox_mpc_reader;
GRANT SELECT (context, kind, namespace, name, path, application, actor, at, expires_at) ON baselines TO proxmox_mpc_reader;
GRANT SELECT (id, name, provider, disabled, created_at, last_login_at) ON users TO proxmox_mpc_reader;
GRANT SELECT (user_id, created_at, refreshed_at, expires_at, revoked_at) ON logins TO proxmox_mpc_reader;
GRANT SELECT (created_at, expires_at, used_at) ON api_tokens TO proxmox_mpc_reader;
GRANT SELECT (id, at) ON login_attempts TO proxmox_mpc_reader;
GRANT SELECT (seq, at, type, actor, action, context, outcome) ON audit TO proxmox_mpc_reader;
GRANT SELECT (id, action, actor, context, namespace, subject, state, priority, attempt, created_at, not_before, started_at,
              ended_at, deadline_at, worker, lease_until, schedule_id, due_at) ON jobs TO proxmox_mpc_reader;
GRANT SELECT (id, name, action, context, cron, interval_s, enabled, next_at, last_due_at) ON schedules TO proxmox_mpc_reader;
GRANT SELECT (id, at, room, type) ON messages TO proxmox_mpc_reader;
GRANT SELECT (name, holder, until) ON leases TO proxmox_mpc_reader;
GRANT SELECT (name, enabled, failures, last_id) ON webhooks TO proxmox_mpc_reader;
COMMIT;
