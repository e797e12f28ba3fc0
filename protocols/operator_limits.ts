/** Bounds of the verbs of operators: a part of `limits`, which is where they are read. */
export const operator_limits = {
  /** Things that are wrong with a log and are told one by one. */
  findings_max: 200,
  /** How often a long reading says how far it is. */
  progress_ms: 1_000,
  /** Comparing every row of the lists may take longer than a statement of the engine. */
  workbench_statement_ms: 600_000,
  /** How long a workbench stays somebody's who does not work at it. */
  workbench_lease_ms: 60_000,
  /** Keys that are told of the rows of a table that differ. */
  workbench_examples: 5,
  /** Frames that a rebuilding may be behind before it stops the projector for the last of them. */
  workbench_lag_frames: 200,
  /** Commands of an incident file. */
  incident_acts_max: 50_000,
  /** The past, served: how fast at most, how many bookings are named, where, and how long its end can be seen. */
  past_speed_max: 100_000,
  past_bookings_max: 200,
  past_port: 8_090,
  past_linger_ms: 2_000,
  /** Messages of a topic that are read at once, and how long its end is waited for. */
  movement_batch: 1_000,
  movement_idle_ms: 1_000,
  /** Actors whose digests are asked of an engine at once. */
  digests_max: 200,
} as const
