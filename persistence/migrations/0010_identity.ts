import type { MigrationBuilder } from 'node-pg-migrate'

/** Bans, password resets, and what the Security Token Service remembers. No token is here: only what a hash makes of one. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    ALTER TABLE users ADD COLUMN banned_at timestamptz;
    CREATE INDEX users_banned ON users (banned_at) WHERE banned_at IS NOT NULL;
    CREATE INDEX users_created ON users (created_at DESC, id DESC);

    CREATE TABLE password_resets (
      hash bytea PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX password_resets_user ON password_resets (user_id);

    CREATE TABLE grants (
      model text NOT NULL,
      hash bytea NOT NULL,
      grant_hash bytea,
      uid text,
      account_id text,
      payload jsonb NOT NULL,
      consumed_at timestamptz,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (model, hash)
    );
    CREATE INDEX grants_grant ON grants (grant_hash) WHERE grant_hash IS NOT NULL;
    CREATE INDEX grants_uid ON grants (model, uid) WHERE uid IS NOT NULL;
    CREATE INDEX grants_account ON grants (account_id) WHERE account_id IS NOT NULL;
    CREATE INDEX grants_expires ON grants (expires_at);
  `)
export const down = false
