import type { MigrationBuilder } from 'node-pg-migrate'

/** What a price was made of, the way to drive, what the job asks of its runner, and what its owner thought of him. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    ALTER TABLE bookings
      ADD COLUMN quote jsonb,
      ADD COLUMN itinerary jsonb,
      ADD COLUMN stars integer;
    ALTER TABLE runners
      ADD COLUMN dropped integer NOT NULL DEFAULT 0,
      ADD COLUMN certified boolean NOT NULL DEFAULT false;
  `)
export const down = false
