import type { MigrationBuilder } from 'node-pg-migrate'

/** Derived from the log, as the tables of 0003 are. A payment has the id of its booking. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    CREATE TABLE payments (
      id uuid PRIMARY KEY,
      booking_id uuid NOT NULL UNIQUE,
      booking_number text NOT NULL,
      owner_id uuid NOT NULL,
      runner_id uuid,
      escrow_status text NOT NULL,
      amount_cents bigint NOT NULL,
      platform_fee_cents bigint NOT NULL,
      runner_payout_cents bigint NOT NULL,
      currency text NOT NULL,
      payment_method text NOT NULL DEFAULT '',
      stripe_payment_id text NOT NULL DEFAULT '',
      escrow_held_at timestamptz,
      escrow_released_at timestamptz,
      refunded_at timestamptz,
      refund_reason text NOT NULL DEFAULT '',
      failure_reason text NOT NULL DEFAULT '',
      version bigint NOT NULL,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX payments_owner ON payments (owner_id, created_at DESC);
    CREATE INDEX payments_runner ON payments (runner_id, created_at DESC);
    CREATE INDEX payments_status ON payments (escrow_status);
  `)
export const down = false
