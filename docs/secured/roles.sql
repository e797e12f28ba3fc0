-- PostgreSQL for Kilat with least privilege: once, by a superuser, in the database that is Kilat's alone, before the
-- first start. Then set both passwords: ALTER ROLE kilat_engine PASSWORD '...'; ALTER ROLE kilat_report PASSWORD '...'.
-- With `hostssl kilat kilat_engine,kilat_report all scram-sha-256` alone in pg_hba.conf nobody gets in without TLS.
CREATE ROLE kilat_engine LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
CREATE ROLE kilat_report LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Only a superuser may add it; the engine then finds it there.
CREATE EXTENSION IF NOT EXISTS postgis;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO kilat_engine;
GRANT USAGE ON SCHEMA public TO kilat_report;
ALTER ROLE kilat_report SET default_transaction_read_only = on;
