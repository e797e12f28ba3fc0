import type { MigrationBuilder } from 'node-pg-migrate'

/**
 * Derived from the log, so it may be dropped and built again; the log gives the order, hence no foreign keys, whose
 * checks cost every waypoint a look-up, and no lengths: what the log holds must always fit. Weights and distances are
 * doubles, not decimals: a list shows what the actor shows.
 */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    CREATE TABLE watermarks (
      shard integer PRIMARY KEY,
      n bigint NOT NULL DEFAULT 0,
      seq bigint NOT NULL DEFAULT 0
    );

    CREATE TABLE bookings (
      id uuid PRIMARY KEY,
      booking_number text NOT NULL,
      owner_id uuid NOT NULL,
      runner_id uuid,
      status text NOT NULL,
      pet_spec jsonb NOT NULL,
      crate_requirement jsonb NOT NULL,
      pickup_address jsonb NOT NULL,
      dropoff_address jsonb NOT NULL,
      route_spec jsonb NOT NULL,
      estimated_price_cents bigint NOT NULL,
      final_price_cents bigint,
      currency text NOT NULL,
      unpaid boolean NOT NULL DEFAULT false,
      scheduled_at timestamptz,
      picked_up_at timestamptz,
      delivered_at timestamptz,
      cancelled_at timestamptz,
      cancel_note text NOT NULL DEFAULT '',
      notes text NOT NULL DEFAULT '',
      version bigint NOT NULL,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX bookings_number ON bookings (booking_number);
    CREATE INDEX bookings_owner ON bookings (owner_id, created_at DESC);
    CREATE INDEX bookings_runner ON bookings (runner_id, created_at DESC);
    CREATE INDEX bookings_status ON bookings (status, created_at DESC);
    CREATE INDEX bookings_created ON bookings (created_at DESC);

    CREATE TABLE booking_status_history (
      id uuid PRIMARY KEY,
      booking_id uuid NOT NULL,
      from_status text NOT NULL,
      to_status text NOT NULL,
      changed_by text NOT NULL,
      changed_by_role text NOT NULL,
      reason text NOT NULL DEFAULT '',
      frame_shard integer NOT NULL,
      frame_n bigint NOT NULL,
      log_seq bigint NOT NULL,
      event_id text NOT NULL,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX booking_status_history_booking ON booking_status_history (booking_id, created_at DESC);

    CREATE TABLE booking_decline_reasons (
      id uuid PRIMARY KEY,
      booking_id uuid NOT NULL,
      runner_id uuid NOT NULL,
      reason text NOT NULL,
      declined_at timestamptz NOT NULL
    );
    CREATE INDEX booking_decline_reasons_booking ON booking_decline_reasons (booking_id);
    CREATE INDEX booking_decline_reasons_runner ON booking_decline_reasons (runner_id);

    CREATE TABLE runners (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL UNIQUE,
      full_name text NOT NULL,
      phone text NOT NULL,
      vehicle_type text NOT NULL,
      vehicle_plate text NOT NULL,
      vehicle_model text NOT NULL,
      vehicle_year integer NOT NULL,
      air_conditioned boolean NOT NULL,
      session_status text NOT NULL DEFAULT 'inactive',
      current_lat double precision,
      current_lng double precision,
      rating double precision NOT NULL DEFAULT 0,
      total_trips integer NOT NULL DEFAULT 0,
      completion_rate double precision NOT NULL DEFAULT 1,
      version bigint NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX runners_session ON runners (session_status);

    CREATE TABLE crate_specs (
      id uuid PRIMARY KEY,
      runner_id uuid NOT NULL,
      size text NOT NULL,
      pet_types jsonb NOT NULL,
      max_weight_kg double precision NOT NULL,
      width_cm double precision NOT NULL,
      height_cm double precision NOT NULL,
      depth_cm double precision NOT NULL,
      ventilated boolean NOT NULL,
      temperature_controlled boolean NOT NULL,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX crate_specs_runner ON crate_specs (runner_id);

    CREATE TABLE trip_tracks (
      id uuid PRIMARY KEY,
      booking_id uuid NOT NULL,
      owner_id uuid NOT NULL,
      runner_id uuid NOT NULL,
      status text NOT NULL DEFAULT 'active',
      total_distance_km double precision NOT NULL DEFAULT 0,
      started_seq bigint NOT NULL,
      started_at timestamptz NOT NULL,
      completed_at timestamptz,
      version bigint NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX trip_tracks_booking ON trip_tracks (booking_id, started_seq DESC);
    CREATE INDEX trip_tracks_runner ON trip_tracks (runner_id);
    CREATE INDEX trip_tracks_status ON trip_tracks (status);

    CREATE TABLE waypoints (
      id uuid PRIMARY KEY,
      trip_track_id uuid NOT NULL,
      place geometry(Point, 4326) NOT NULL,
      speed_kmh double precision NOT NULL,
      heading_degrees double precision NOT NULL,
      fix_seq bigint NOT NULL,
      recorded_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX waypoints_track ON waypoints (trip_track_id, recorded_at, fix_seq);
  `)
export const down = false
