/** Every bound of the system, with its unit in its name. What operations may change while it runs is in `policy.ts`. */
export const limits = {
  // The journal.
  events_per_frame_max: 256,
  frame_bytes_max: 256 * 1024,
  /** Under the 1 MiB that nats-server takes in one message by default, with room for headers. */
  record_bytes_max: 1_000_000,
  append_timeout_ms: 5_000,
  journal_dedupe_ms: 120_000,

  // Mailboxes and turns.
  mailbox_activation_max: 256,
  mailbox_shard_max: 8_192,
  turn_activation_messages: 64,
  turn_loop_ms: 4,
  command_deadline_ms: 10_000,
  overload_retry_ms: 250,
  poison_tries_max: 3,

  // Command keys.
  keys_per_shard_max: 50_000,
  key_life_ms: 24 * 3_600_000,
  repeat_window_ms: 10_000,

  // Steps, effects and timers.
  step_resend_ms: 2_000,
  effect_retry_first_ms: 500,
  effect_retry_max_ms: 60_000,
  effects_in_flight_max: 64,
  overdue_timers_per_turn: 128,
  gather_linger_ms: 100,

  // Memory.
  resident_actors_max: 200_000,
  recent_frames_bytes_max: 32 * 1024 * 1024,
  watchers_per_actor_max: 1_024,

  // Snapshots and projections.
  snapshot_events: 50_000,
  snapshot_interval_ms: 30_000,
  projection_batch_events: 2_000,
  read_your_writes_ms: 1_000,

  // Public topics.
  topic_batch_max: 256,
  topic_dedupe_ms: 120_000,
  report_window: 4_000,
  report_ack_ms: 5_000,
  report_tries_max: 5,
  report_queue_max: 50_000,
  dead_letters_memory_max: 1_000,
  dead_letter_bytes_max: 512 * 1024,
  dead_letter_days: 30,
  dead_letters_bytes_max: 1024 ** 3,
  runner_topic_days: 7,
  runner_topic_bytes: 20 * 1024 ** 3,

  // NATS connections.
  nats_connect_ms: 5_000,
  nats_ping_ms: 2_000,
  nats_pings_missed_max: 2,
  nats_reconnect_first_ms: 50,
  nats_reconnect_max_ms: 2_000,
  nats_request_ms: 5_000,
  read_batch_entries: 256,
  read_batch_bytes: 8 * 1024 * 1024,
  read_idle_ms: 5_000,

  // The stepped clock.
  stepped_log_lines_max: 10_000,

  // Threads.
  mesh_batch_max: 256,
  mesh_queue_max: 65_536,
  ask_timeout_ms: 15_000,

  // Positions.
  fixes_per_frame_max: 100,
  waypoints_per_event_max: 256,
  grid_resolution: 8,
  nearby_max: 20,
  nearby_radius_km_max: 100,
  clock_jump_ms: 60_000,

  // HTTP.
  body_bytes_max: 256 * 1024,
  header_bytes_max: 16 * 1024,
  request_timeout_ms: 15_000,
  page_limit_max: 100,
  /** Per address, over 60 s. */
  rate_identity_per_min: 100,
  rate_gateway_per_min: 200,
  rate_addresses_max: 100_000,
  access_token_seconds: 15 * 60,
  refresh_token_seconds: 7 * 24 * 3_600,
  refresh_grace_ms: 10_000,
  verified_tokens_max: 50_000,

  // Sockets.
  socket_frame_bytes_max: 512 * 1024,
  feed_inbound_bytes_max: 512,
  socket_buffer_bytes_max: 1024 * 1024,
  socket_idle_seconds: 60,
  socket_unacked_max: 4_096,
  announce_radius_km: 7,
  announce_runners_max: 200,

  // The embedded stores.
  nats_version_min: '2.14.5',
  nats_payload_bytes_max: 8 * 1024 * 1024,
  store_ready_ms: 60_000,
  store_stop_ms: 10_000,
  store_restart_first_ms: 100,
  store_restart_max_ms: 5_000,
  data_lock_wait_ms: 15_000,
  database_clients_max: 64,
  database_message_bytes_max: 64 * 1024 * 1024,
  database_hold_ms: 30_000,
  startup_check_ms: 3_000,
} as const
