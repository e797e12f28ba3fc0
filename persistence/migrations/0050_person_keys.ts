import type { MigrationBuilder } from 'node-pg-migrate'

/** The keys of people's texts, wrapped. A row without a key is all that is left of who was erased. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    CREATE TABLE person_keys (
      person_id uuid PRIMARY KEY,
      wrapped bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      erased_at timestamptz,
      CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
    );
    CREATE INDEX person_keys_erased ON person_keys (erased_at) WHERE erased_at IS NOT NULL;
  `)
export const down = false
