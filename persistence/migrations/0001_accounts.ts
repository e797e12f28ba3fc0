import type { MigrationBuilder } from 'node-pg-migrate'

/** Plain records: rows are the truth, not derived from the log. The doors check lengths: texts have none here. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    CREATE EXTENSION IF NOT EXISTS postgis;

    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL UNIQUE,
      phone text NOT NULL,
      password_hash text NOT NULL,
      full_name text NOT NULL,
      role text NOT NULL CHECK (role IN ('owner', 'runner', 'admin', 'shop')),
      is_verified boolean NOT NULL DEFAULT false,
      avatar_url text NOT NULL DEFAULT '',
      version bigint NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX users_role ON users (role);

    CREATE TABLE refresh_tokens (
      hash bytea PRIMARY KEY,
      family uuid NOT NULL,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      expires_at timestamptz NOT NULL,
      spent_at timestamptz,
      revoked boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);
    CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

    CREATE TABLE notifications (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL,
      booking_id uuid,
      event_type text NOT NULL,
      title text NOT NULL,
      body text NOT NULL,
      status text NOT NULL DEFAULT 'sent',
      read_at timestamptz,
      version bigint NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX notifications_user ON notifications (user_id, created_at DESC);
    CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
    CREATE INDEX notifications_booking ON notifications (booking_id);
  `)
export const down = false
