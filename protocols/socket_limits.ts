/** Bounds of the sockets: a part of `limits`, which is where they are read. */
export const socket_limits = {
  socket_frame_bytes_max: 512 * 1024,
  feed_inbound_bytes_max: 512,
  socket_buffer_bytes_max: 1024 * 1024,
  socket_idle_seconds: 60,
  socket_unacked_max: 4_096,
  announce_radius_km: 7,
  announce_runners_max: 200,
  token_bytes_max: 4_096,
  sockets_per_thread_max: 60_000,
  runner_sockets_max: 3,
  /** Sockets of one kind that are open at once on a thread: of an address that limits count, and of an account. */
  sockets_per_address_max: 2_000,
  sockets_per_account_max: 50,
  /** Of a runner's frames: a long backlog at once, and then more than a thousand fixes a second take. */
  socket_bytes_per_second: 256 * 1024,
  socket_bytes_burst: 4 * 512 * 1024,
  /** A watcher has nothing to say: what it sends, pings too, only shows that it lives. */
  feed_inbound_per_second: 5,
  feed_inbound_burst: 60,
  socket_commands_max: 16,
  socket_frames_per_second: 50,
  socket_frames_burst: 300,
  /** Frames that could not be read, or were above the rate, in one minute before the connection is closed. */
  socket_faults_max: 100,
  socket_retry_ms: 1_000,
  socket_sweep_ms: 5_000,
  socket_ack_buffer_bytes: 64 * 1024,
  /** How often a device should report (dispatch.md, e1). */
  cadence: { on_trip_ms: 3_000, moving_ms: 5_000, still_ms: 30_000, near_pickup_ms: 1_000 },
  token_warning_ms: 60_000,
  token_grace_ms: 60_000,
  held_bookings_max: 16,
  held_lookups_max: 2,
  held_queue_max: 20_000,
  open_bookings_max: 100,
  open_bookings_shown_max: 20,
  open_bookings_fresh_ms: 1_000,

  // The tracking feed.
  feed_ping_ms: 54_000,
  feed_pong_ms: 60_000,
  feed_sweep_ms: 2_000,
  feed_coalesce_bytes: 16 * 1024,
  feed_ring_frames: 600,
  feed_ring_ms: 10 * 60_000,
  feed_rooms_idle_max: 1_000,
} as const
