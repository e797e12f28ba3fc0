import type { HttpClient } from '../../gateways/client/http_client.ts'
import type { Vault } from '../../gateways/vault/vault.ts'
import { clientOf } from '../city/owner_app.ts'
import { type Citizen, together } from '../city/population.ts'
import { pause } from '../pause.ts'
import { difference, type Retold } from './fold.ts'

export interface Comparison {
  readonly compared: number
  /** One line for each actor that is served otherwise than its events say. */
  readonly differing: readonly string[]
}

const tries_max = 10
const again_ms = 1_000

interface Door {
  readonly kind: string
  readonly path: (id: string) => string
  /** Undefined: nobody of ours may ask. */
  readonly http: (id: string) => HttpClient | undefined
}

/** The log holds personal texts sealed; they are served as they were said. */
type Opener = Pick<Vault, 'open'>

/** Asks the engine for every booking, trip and runner, and holds the answers against the fold of the log. */
export async function compare(
  fold: Retold,
  http_url: string,
  admin: Citizen,
  runners: readonly Citizen[],
  vault: Opener,
): Promise<Comparison> {
  const administrator = clientOf({ http_url, token: admin.token })
  const drivers = new Map(runners.map(({ id, token }) => [id, clientOf({ http_url, token })]))
  const doors: readonly Door[] = [
    { kind: 'booking', path: (id) => `/api/v1/bookings/${id}`, http: () => administrator },
    { kind: 'trip', path: (id) => `/api/v1/tracking/${id}`, http: () => administrator },
    { kind: 'runner', path: () => '/api/v1/runners/me', http: (id) => drivers.get(id) },
  ]
  const differing: string[] = []
  let compared = 0
  for (const door of doors) {
    const ids = fold.idsOf(door.kind).filter((id) => door.http(id))
    compared += ids.length
    await together(16, ids.length, async (index) => {
      const id = ids[index] ?? ''
      const found = await differenceAt(fold, door, id, vault)
      if (found !== undefined) differing.push(`${door.kind} ${id}: ${found}`)
    })
  }
  return { compared, differing }
}

/** A trip's places come from the projections, which may be a moment behind. */
async function differenceAt(
  fold: Retold,
  { kind, path, http }: Door,
  id: string,
  vault: Opener,
): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const served = await http(id)
      ?.get<Served>(path(id))
      .then(
        ({ data }) => data,
        (error: Error) => `unanswered: ${error.message}`,
      )
    const folded = await vault.open(fold.view(kind, id))
    const found = typeof served === 'string' ? served : differenceOf(fold, kind, id, folded, served)
    if (found === undefined || kind !== 'trip' || tries >= tries_max) return found
    await pause(again_ms)
  }
}

interface Served {
  readonly waypoints?: readonly object[]
}

function differenceOf(
  fold: Retold,
  kind: string,
  id: string,
  folded: unknown,
  served: Served | undefined,
): string | undefined {
  if (kind !== 'trip') return difference(folded, served)
  const { waypoints = [], ...trip } = served ?? {}
  const places = fold.placesOf(id)
  if (waypoints.length !== places) return `${waypoints.length} places of ${places}`
  return difference(folded, trip)
}
