// Trips and the places they went through. A booking that is given back and taken again has a second track.
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import type { TripEvent, Waypoint } from '../protocols/trip.ts'
import { arrayOf, type Transaction } from './pg.ts'
import { type Fact, instant, recordset, slices, uuidOf } from './records.ts'

interface Batch {
  /** The newest track of each booking. */
  readonly tracks: Map<string, string>
  readonly started: object[]
  readonly ended: Map<string, object>
  readonly waypoints: object[]
}

const waypointRow = (track: string, at: string, { boot, seq, at_ms, ...place }: Waypoint) => ({
  id: uuidOf(track, `${boot}:${seq}`),
  trip_track_id: track,
  latitude: place.latitude,
  longitude: place.longitude,
  speed_kmh: place.speed_kmh,
  heading_degrees: place.heading_degrees,
  fix_seq: seq,
  recorded_at: instant(at_ms),
  created_at: at,
})

function fold({ tracks, started, ended, waypoints }: Batch, { event: record, event_id }: Fact): void {
  const event = { type: record.type, ...record.data } as TripEvent
  const at = instant(record.at_ms)
  if (event.type === 'tracking.started') {
    const { track_id: id, owner_id, runner_id } = event
    tracks.set(record.id, id)
    started.push({ id, booking_id: record.id, owner_id, runner_id, started_seq: record.seq, started_at: at })
  } else if (event.type === 'tracking.completed') {
    const { track_id: id, outcome: status, total_distance_km } = event
    ended.set(id, { id, status, total_distance_km, completed_at: at })
  } else if (event.type === 'trip.waypoints') {
    const track = tracks.get(record.id)
    if (!track)
      throw new Fault(`${event_id}: places of a trip ${record.id} that never started`, { retry: false })
    for (const waypoint of event.waypoints) waypoints.push(waypointRow(track, at, waypoint))
  }
}

const insertTracks = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO trip_tracks (id, booking_id, owner_id, runner_id, started_seq, started_at, created_at, updated_at)
  SELECT id, booking_id, owner_id, runner_id, started_seq, started_at, started_at, started_at
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, booking_id uuid, owner_id uuid, runner_id uuid, started_seq bigint, started_at timestamptz)
  ON CONFLICT DO NOTHING`

const endTracks = (tx: Transaction, rows: readonly object[]) => tx`
  UPDATE trip_tracks AS t SET status = c.status, total_distance_km = c.total_distance_km,
    completed_at = c.completed_at, version = t.version + 1, updated_at = c.completed_at
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, status text, total_distance_km double precision, completed_at timestamptz)
  WHERE t.id = c.id`

const insertWaypoints = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO waypoints (id, trip_track_id, place, speed_kmh, heading_degrees, fix_seq, recorded_at, created_at)
  SELECT id, trip_track_id, ST_SetSRID(ST_MakePoint(longitude, latitude), 4326), speed_kmh, heading_degrees, fix_seq,
    recorded_at, created_at
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, trip_track_id uuid, latitude double precision, longitude double precision, speed_kmh double precision,
    heading_degrees double precision, fix_seq bigint, recorded_at timestamptz, created_at timestamptz)
  ON CONFLICT DO NOTHING`

async function knownTracks(tx: Transaction, facts: readonly Fact[]): Promise<Map<string, string>> {
  const bookings = [...new Set(facts.map(({ event }) => event.id))]
  const rows = await tx<{ booking_id: string; id: string }[]>`
    SELECT DISTINCT ON (booking_id) booking_id, id FROM trip_tracks
    WHERE booking_id = ANY(${arrayOf(bookings)}::uuid[]) ORDER BY booking_id, started_seq DESC`
  return new Map(rows.map(({ booking_id, id }) => [booking_id, id]))
}

/** Brings the trips' tables up to these facts. Rejects with a Fault when one is of a trip that never started. */
export async function projectTrips(tx: Transaction, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return
  const batch: Batch = { tracks: await knownTracks(tx, facts), started: [], ended: new Map(), waypoints: [] }
  for (const fact of facts) fold(batch, fact)
  const { started, ended, waypoints } = batch
  if (started.length > 0) await insertTracks(tx, started)
  if (ended.size > 0) await endTracks(tx, [...ended.values()])
  for (const rows of slices(waypoints, limits.projection_rows_per_statement)) await insertWaypoints(tx, rows)
}
