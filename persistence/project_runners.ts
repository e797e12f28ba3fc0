// Runners' profiles and crates.
import type { Crate, RunnerEvent } from '../protocols/runner.ts'
import type { Transaction } from './pg.ts'
import { type Fact, instant, recordset } from './records.ts'

interface Change {
  readonly trips: number
  readonly drops: number
  readonly versions: number
}

interface Batch {
  readonly created: object[]
  readonly changed: Map<string, Change>
  readonly crates: object[]
}

/** What an event changes in a row; `trips` and `drops` are added. Absent columns stay as they are. */
type Columns = Readonly<Record<string, unknown>> & { readonly trips?: number; readonly drops?: number }

type Changes = {
  readonly [Type in RunnerEvent['type']]?: (
    event: Extract<RunnerEvent, { type: Type }>,
  ) => Columns | undefined
}

const changes: Changes = {
  'runner.updated': ({ type: _type, ...profile }) => profile,
  'runner.online': ({ latitude, longitude }) => ({
    session_status: 'active',
    current_lat: latitude,
    current_lng: longitude,
  }),
  'runner.offline': () => ({ session_status: 'inactive' }),
  'runner.crate_added': () => ({}),
  'runner.released': ({ outcome, own }) => {
    if (outcome === 'delivered') return { trips: 1 }
    return outcome === 'declined' || (outcome === 'cancelled' && own) ? { drops: 1 } : undefined
  },
  'runner.certified': ({ certified }) => ({ certified }),
  'runner.rated': ({ rating }) => ({ rating }),
}

function crateRow({ event }: Fact, crate: Crate): object {
  return { ...crate, user_id: event.id, created_at: instant(event.at_ms) }
}

function fold({ created, changed, crates }: Batch, fact: Fact): void {
  const { id, at_ms, type, data } = fact.event
  const event = { type, ...data } as RunnerEvent
  const at = instant(at_ms)
  if (event.type === 'runner.registered') {
    const { type: _type, profile_id, ...profile } = event
    created.push({ ...profile, id: profile_id, user_id: id, created_at: at, updated_at: at })
    return
  }
  if (event.type === 'runner.crate_added') crates.push(crateRow(fact, event.crate))
  // The row's type follows from the event's, which the compiler cannot see here.
  const change = (changes[event.type] as ((event: RunnerEvent) => Columns | undefined) | undefined)?.(event)
  if (!change) return
  const { trips = 0, drops = 0, ...columns } = change
  const earlier = changed.get(id) ?? { trips: 0, drops: 0, versions: 0 }
  changed.set(id, {
    ...earlier,
    ...columns,
    user_id: id,
    updated_at: at,
    trips: earlier.trips + trips,
    drops: earlier.drops + drops,
    versions: earlier.versions + 1,
  } as Change)
}

const insertRunners = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO runners (id, user_id, full_name, phone, vehicle_type, vehicle_plate, vehicle_model, vehicle_year,
    air_conditioned, created_at, updated_at)
  SELECT * FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, user_id uuid, full_name text, phone text, vehicle_type text, vehicle_plate text, vehicle_model text,
    vehicle_year integer, air_conditioned boolean, created_at timestamptz, updated_at timestamptz)
  ON CONFLICT DO NOTHING`

const updateRunners = (tx: Transaction, rows: readonly object[]) => tx`
  UPDATE runners AS r SET
    full_name = coalesce(c.full_name, r.full_name), phone = coalesce(c.phone, r.phone),
    vehicle_type = coalesce(c.vehicle_type, r.vehicle_type),
    vehicle_plate = coalesce(c.vehicle_plate, r.vehicle_plate),
    vehicle_model = coalesce(c.vehicle_model, r.vehicle_model),
    vehicle_year = coalesce(c.vehicle_year, r.vehicle_year),
    air_conditioned = coalesce(c.air_conditioned, r.air_conditioned),
    session_status = coalesce(c.session_status, r.session_status),
    current_lat = coalesce(c.current_lat, r.current_lat), current_lng = coalesce(c.current_lng, r.current_lng),
    rating = coalesce(c.rating, r.rating), certified = coalesce(c.certified, r.certified),
    total_trips = r.total_trips + c.trips, dropped = r.dropped + c.drops,
    completion_rate = CASE WHEN r.total_trips + c.trips + r.dropped + c.drops = 0 THEN 1
      ELSE (r.total_trips + c.trips)::double precision / (r.total_trips + c.trips + r.dropped + c.drops) END,
    version = r.version + c.versions, updated_at = c.updated_at
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    user_id uuid, full_name text, phone text, vehicle_type text, vehicle_plate text, vehicle_model text,
    vehicle_year integer, air_conditioned boolean, session_status text, current_lat double precision,
    current_lng double precision, rating double precision, certified boolean, trips integer, drops integer,
    versions bigint, updated_at timestamptz)
  WHERE r.user_id = c.user_id`

/** On the wire and in the log a runner is the user; a crate's row belongs to the profile, as the table always had it. */
const insertCrates = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO crate_specs (id, runner_id, size, pet_types, max_weight_kg, width_cm, height_cm, depth_cm, ventilated,
    temperature_controlled, created_at)
  SELECT c.id, r.id, c.size, c.pet_types, c.max_weight_kg, c.width_cm, c.height_cm, c.depth_cm, c.ventilated,
    c.temperature_controlled, c.created_at
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, user_id uuid, size text, pet_types jsonb, max_weight_kg double precision, width_cm double precision,
    height_cm double precision, depth_cm double precision, ventilated boolean, temperature_controlled boolean,
    created_at timestamptz)
  JOIN runners AS r USING (user_id)
  ON CONFLICT DO NOTHING`

/** Brings the runners' tables up to these facts. */
export async function projectRunners(tx: Transaction, facts: readonly Fact[]): Promise<void> {
  const batch: Batch = { created: [], changed: new Map(), crates: [] }
  for (const fact of facts) fold(batch, fact)
  const { created, changed, crates } = batch
  if (created.length > 0) await insertRunners(tx, created)
  if (changed.size > 0) await updateRunners(tx, [...changed.values()])
  if (crates.length > 0) await insertCrates(tx, crates)
}
