-- After the first start, by a superuser or by kilat_engine: what reports may read. No accounts, tokens, messages,
-- devices or snapshots.
GRANT SELECT ON
  bookings, booking_status_history, booking_decline_reasons, payments,
  runners, crate_specs, trip_tracks, waypoints, watermarks
TO kilat_report;
