import { operator_limits } from './operator_limits.ts'
import { socket_limits } from './socket_limits.ts'

/** Every bound of the system, with its unit in its name. What operations may change while it runs is in `policy.ts`. */
export const limits = {
  // The journal.
  events_per_frame_max: 256,
  frame_bytes_max: 256 * 1024,
  /** Under the 1 MiB that nats-server takes in one message by default, with room for headers. */
  record_bytes_max: 1_000_000,
  append_timeout_ms: 5_000,
  journal_dedupe_ms: 120_000,
  /** A log that has not taken a frame for so long is silent: commands are refused at once, with this time to try again. */
  log_patience_ms: 3_000,
  silent_retry_ms: 1_000,

  // Mailboxes and turns.
  mailbox_activation_max: 256,
  mailbox_shard_max: 8_192,
  /** A command as JSON: with its events it must fit into a frame beside others. */
  command_bytes_max: 100 * 1024,
  mailbox_shard_bytes_max: 32 * 1024 * 1024,
  /** A loop that is this late takes no more signals, and at the second figure no commands either. */
  loop_late_signals_ms: 250,
  loop_late_commands_ms: 2_000,
  loop_probe_ms: 20,
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
  /** Effects of a shard that failed and wait for their next try; with so many, none is begun anew. */
  effects_resting_max: 1_000,
  /** Steps and effects that a shard still owes: with so many it takes no more commands. */
  outbox_pending_max: 100_000,
  overdue_timers_per_turn: 128,
  gather_linger_ms: 100,

  // Ownership.
  /** So long after the log was seen to be ours a shard answers from memory; then it must look again. */
  tenure_ms: 2_000,
  /** A shard at rest looks so often. */
  tenure_look_ms: 1_000,
  /** How long an answer waits for that. */
  tenure_wait_ms: 5_000,
  tenure_retry_ms: 1_000,
  /** How often the doors look whether another engine has taken a shard over. */
  moved_poll_ms: 250,

  // Memory.
  resident_actors_max: 200_000,
  recent_frames_bytes_max: 8 * 1024 * 1024,
  watchers_per_actor_max: 1_024,

  // Snapshots and projections.
  snapshot_events: 50_000,
  snapshot_interval_ms: 30_000,
  /** After a cut that could not be saved, and twice as long after each further one, up to the interval. */
  snapshot_retry_first_ms: 1_000,
  projection_batch_events: 2_000,
  read_your_writes_ms: 1_000,

  // Public topics.
  topic_batch_max: 256,
  topic_dedupe_ms: 120_000,
  report_window: 4_000,
  report_ack_ms: 5_000,
  report_tries_max: 5,
  topics_flush_ms: 3_000,
  report_queue_max: 50_000,
  dead_letters_memory_max: 1_000,
  dead_letter_chars_max: 128 * 1024,
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
  stream_bytes_min: 64 * 1024 * 1024,
  read_batch_entries: 256,
  read_batch_bytes: 8 * 1024 * 1024,
  read_idle_ms: 5_000,
  /** Of a thread: the first one serves soonest when it has the thread and the database to itself. */
  shards_recovered_at_once: 1,

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
  clock_back_ms: 1_000,

  // Ranking: of so many of the nearest, the best are shown.
  rank_candidates_max: 60,

  // Routes of the maps.
  itinerary_chars_max: 8_000,
  itinerary_points_max: 400,
  maps_timeout_ms: 1_500,
  maps_answer_bytes_max: 2 * 1024 * 1024,
  maps_in_flight_max: 32,
  /** So many failures in a row open the circuit, for so long; then one request tries again. */
  maps_failures_max: 5,
  maps_rest_ms: 30_000,
  /** From a straight line to a road's length: the estimate where no maps are asked. */
  route_detour: 1.35,

  // Policies.
  policy_poll_ms: 1_000,
  policy_document_bytes_max: 256 * 1024,

  // Fixes: the start values of the filter.
  fix_age_max_ms: 24 * 3_600_000,
  fix_future_max_ms: 5_000,
  /** The clock offset is the least of the last two buckets of so many live fixes. */
  offset_bucket_fixes: 25,
  /** Rougher than this adds no distance. */
  accuracy_distance_m: 50,
  /** Rougher than this is used only when nothing else came for `accuracy_patience_ms`. */
  accuracy_presence_m: 200,
  accuracy_patience_ms: 60_000,
  speed_car_max_m_s: 50,
  speed_bike_max_m_s: 30,
  teleport_min_m: 100,
  quarantine_agreeing: 2,
  quarantine_ms: 15_000,
  /** Ranges of seen sequence numbers kept for a boot. */
  seen_ranges_max: 32,
  refused_seqs_max: 32,

  // Runners.
  crates_per_runner_max: 50,
  recent_legs_max: 4,
  /** Bookings whose rating he got last: a step that comes twice counts once. */
  recent_ratings_max: 32,

  // Payments.
  /** Tries of one owner to pay one booking: each is an intent at the provider. */
  holds_per_payment_max: 20,
  /** How long an answer waits for money to move before it says how things stand. */
  money_wait_ms: 5_000,
  stripe_timeout_ms: 20_000,
  stripe_search_pages_max: 20,
  stripe_signature_seconds: 300,
  webhooks_per_min: 6_000,
  sandbox_body_bytes_max: 64 * 1024,
  sandbox_webhook_timeout_ms: 10_000,
  sandbox_webhook_retry_ms: 500,
  sandbox_webhook_retry_max_ms: 30_000,
  sandbox_webhook_tries_max: 50,
  sandbox_ready_ms: 15_000,
  sandbox_restart_ms: 200,

  // Trips.
  tracking_interval_ms: 5_000,
  jitter_min_m: 8,
  jitter_speed_m_s: 1,
  /** Two places further apart in time are a gap, which a backlog may fill. */
  gap_min_ms: 15_000,
  /** What is left of a gap beside a place that came late. */
  gap_rest_min_ms: 5_000,
  gaps_per_trip_max: 32,
  boots_per_trip_max: 4,
  /** How long after its end a trip still takes what was driven before it. */
  trip_grace_ms: 3_600_000,
  /** From the reservation of a runner to the start of his trip are two frames, or an outage. */
  trip_begin_max_ms: 60_000,
  trip_begin_retry_ms: 250,
  /** Speed of the straight-line estimate of a route's duration. */
  route_speed_kmh: 45,

  // HTTP.
  body_bytes_max: 256 * 1024,
  /** Of all the headers that we read; the address of a request has a bound of its own. */
  header_bytes_max: 16 * 1024,
  /** A larger body is handed to the socket as it is read at the other end. */
  http_piece_bytes: 8 * 1024,
  /** Path and query: a socket's token stands in there. */
  url_bytes_max: 8 * 1024,
  request_timeout_ms: 15_000,
  page_limit_max: 100,
  /** Per address, over 60 s. */
  rate_identity_per_min: 100,
  rate_gateway_per_min: 200,
  /** Of one account, from wherever it calls. */
  rate_account_per_min: 600,
  /** Handshakes of one address: many runners may stand behind one address of their carrier. */
  rate_sockets_per_min: 600,
  rate_addresses_max: 100_000,
  access_token_seconds: 15 * 60,
  refresh_token_seconds: 7 * 24 * 3_600,
  refresh_grace_ms: 10_000,
  verified_tokens_max: 50_000,
  password_length_min: 8,
  password_length_max: 256,
  password_queue_max: 512,
  password_retry_ms: 1_000,
  idempotency_key_max: 200,
  request_id_max: 128,
  /** A body above `body_bytes_max` is read to its end and dropped up to here, so that its sender hears why. */
  body_drain_bytes_max: 8 * 1024 * 1024,
  repeats_remembered_max: 65_536,
  page_number_max: 1_000_000,
  list_page_default: 20,
  nearby_radius_km_default: 5,
  booking_runners_radius_km: 25,
  seed_batch: 50,
  cors_max_age_seconds: 12 * 3_600,

  // Records: pets, shops, photos, messages, links, notices and offers.
  pets_per_owner_max: 100,
  photos_per_booking_max: 50,
  shops_per_owner_max: 50,
  shops_listed_max: 50,
  shops_nearby_max: 20,
  shops_nearby_radius_km_default: 10,
  shops_searched_max: 1_000,
  chat_messages_max: 5_000,
  chat_page_default: 50,
  shares_per_booking_max: 20,
  share_life_ms: 24 * 3_600_000,
  history_rows_max: 500,
  notice_cursor_max: 50,
  devices_per_user_max: 10,
  promos_listed_max: 100,
  referrals_listed_max: 100,
  application_number_tries_max: 20,

  // Pushes.
  push_timeout_ms: 5_000,
  push_tries_max: 5,
  /** How long a push service may keep a push for a device that is off. */
  push_life_seconds: 3_600,
  /** A token of Google's is fetched anew so long before it ends. */
  push_token_margin_ms: 60_000,
  /** The nearest runners who are told of an open booking when their app is closed. */
  offered_runners_max: 10,
  // Identity.
  /** Failed logins at once, and how long until one more is allowed: of one account from one address. */
  login_pair_burst: 10,
  login_pair_each_ms: 30_000,
  /** Of one address, whoever it tries to be. */
  login_address_burst: 60,
  login_address_each_ms: 10_000,
  /** Of one account from all addresses that it never logged in from. */
  login_account_burst: 100,
  login_account_each_ms: 20_000,
  /** How long an address counts as one that the account has logged in from. */
  login_known_ms: 30 * 24 * 3_600_000,
  login_entries_max: 50_000,
  /** Reset mails to one account. */
  reset_mail_burst: 3,
  reset_mail_each_ms: 20 * 60_000,
  reset_token_ms: 3_600_000,
  reset_queue_max: 100,
  outbox_mails_max: 1_000,
  bans_refresh_ms: 20_000,
  /** A ban is looked at until every token from before it has ended, with room for clocks that differ. */
  bans_window_ms: 30 * 60_000,
  bans_max: 100_000,
  keys_poll_ms: 5_000,
  /** A fresh key is shown to all before it signs. */
  key_settle_ms: 30_000,
  /** An old key verifies so long after it signed last. */
  key_retire_ms: 24 * 3_600_000,
  keys_max: 16,

  // The Security Token Service.
  sts_session_seconds: 14 * 24 * 3_600,
  sts_interaction_seconds: 3_600,
  sts_code_seconds: 60,
  sts_body_bytes_max: 56 * 1024,
  sts_sweep_ms: 60_000,
  sts_sweep_rows: 5_000,
  sts_connections_max: 1_000,
  sts_clients_max: 100,
  bff_call_ms: 5_000,
  /** A session's access token is renewed so long before it ends. */
  bff_renew_ms: 30_000,
  bff_tokens_max: 50_000,
  /** How long a thread believes that a session lives which another one may have ended. */
  bff_recheck_ms: 5_000,

  /** People whose keys a thread has in memory, and texts of each that stay opened there. */
  person_keys: { known_max: 20_000, per_statement: 500, masters_max: 8 },
  opened_texts: { each_max: 16, characters_max: 200 },
  /** How soon every thread hears who was erased, with room for a reading that fails and clocks that differ. */
  erased: { refresh_ms: 20_000, window_ms: 30 * 60_000, listed_max: 100_000 },

  ...socket_limits,

  // The typed clients.
  client_backlog_fixes_max: 10_000,
  client_commands_max: 64,
  /** After a reconnect the newest fix goes live when it is younger than this: an older one would teach the engine a wrong clock. */
  client_live_ms: 1_000,
  /** Fixes of the backlog that may be under way at once. */
  client_window_fixes: 1_000,
  client_reconnect_first_ms: 250,
  client_reconnect_max_ms: 15_000,
  client_ack_timeout_ms: 15_000,
  client_ping_ms: 15_000,
  client_silence_ms: 45_000,
  client_retries_max: 6,

  // The embedded stores.
  nats_version_min: '2.14.5',
  nats_payload_bytes_max: 8 * 1024 * 1024,
  store_ready_ms: 60_000,
  store_start_tries_max: 5,
  store_log_bytes_max: 10 * 1024 * 1024,
  store_stop_ms: 10_000,
  /** How often a running store is asked whether it would do better if it were started anew. */
  store_look_ms: 2_000,
  /** What the embedded log leaves free on its disk, for all others who write there. */
  store_reserve_bytes: 64 * 1024 * 1024,
  store_restart_first_ms: 100,
  store_restart_max_ms: 5_000,
  data_lock_wait_ms: 15_000,
  database_clients_max: 64,
  database_message_bytes_max: 64 * 1024 * 1024,
  /** Less than a client waits for a connection: of two engines one may stand still in the middle of a transaction. */
  database_hold_ms: 4_000,
  startup_check_ms: 3_000,

  // PostgreSQL.
  database_connect_seconds: 5,
  database_statement_ms: 30_000,
  snapshot_rows_per_statement: 5_000,
  /** Of one value that holds all their states. */
  snapshot_rows_per_page: 1_000,
  projection_rows_per_statement: 5_000,
  /** How often a thread asks whether the database is there. */
  database_pulse_ms: 2_000,
  /** Without an answer for so long it counts as away. */
  database_answer_ms: 5_000,
  database_reconnect_max_ms: 1_000,
  // Observation.
  /** Characters of a text that are logged: what follows is cut off before it is looked at. */
  log_text_chars_max: 16 * 1024,
  /** Spans that one span names besides its parent. */
  trace_links_max: 64,
  /** How long the numbers of the other threads are waited for. */
  scrape_ms: 1_000,
  /** Characters of all notes of a booking. */
  booking_notes_max: 2_000,
  /** Characters of the notes that a booking is asked for with. */
  request_notes_max: 1_000,

  ...operator_limits,
} as const
