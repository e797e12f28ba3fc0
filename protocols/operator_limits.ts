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
  /** What a what-if holds in memory, and of each runner at most one position in so long a time. */
  whatif_bookings_max: 50_000,
  whatif_positions_max: 4_000_000,
  whatif_position_ms: 20_000,
  /** Positions are read from so long before its time on, and bookings followed for so long behind it. */
  whatif_lead_ms: 15 * 60_000,
  whatif_tail_ms: 6 * 3_600_000,
  /** How often runners look again at a booking that nobody near took, and at their answer where none was recorded. */
  whatif_look_ms: 60_000,
  whatif_response_ms: 15_000,
  /** Answers of a runner of which there are so many are his own; else he is like all. */
  whatif_samples_min: 3,
  /** With so many recorded pickups it is known how far runners come. */
  whatif_pickups_min: 20,
  /** Speeds that are believed when they come out of the record, in km/h along the straight line. */
  whatif_speed_min_kmh: 3,
  whatif_speed_max_kmh: 120,
  /** A runner's jobs per hour count when he was online for this share of the time. */
  whatif_online_share: 0.05,
  /** Actors whose digests are asked of an engine at once. */
  digests_max: 200,
} as const
