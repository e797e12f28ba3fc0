import type { MigrationBuilder } from 'node-pg-migrate'

/** A row holds an actor as it was at the cut `n` in which it had changed; it is valid until the next row of that actor. */
export const up = (schema: MigrationBuilder): void =>
  schema.sql(`
    CREATE TABLE snapshot_cuts (
      shard integer NOT NULL,
      n bigint NOT NULL,
      epoch bigint NOT NULL,
      log_seq bigint NOT NULL,
      hash text NOT NULL,
      at_ms bigint NOT NULL,
      shard_row bytea NOT NULL,
      PRIMARY KEY (shard, n)
    );

    CREATE TABLE snapshot_actors (
      shard integer NOT NULL,
      kind text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      n bigint NOT NULL,
      seq bigint NOT NULL,
      state bytea NOT NULL,
      point geography(Point, 4326)
    );
    CREATE UNIQUE INDEX snapshot_actors_newest ON snapshot_actors (shard, kind, id, n DESC);
    CREATE INDEX snapshot_actors_cut ON snapshot_actors (shard, n);
    CREATE INDEX snapshot_actors_point ON snapshot_actors USING gist (point) WHERE point IS NOT NULL;
  `)
export const down = false
