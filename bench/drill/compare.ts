import type { HttpClient } from '../../gateways/client/http_client.ts'
import { clientOf } from '../city/owner_app.ts'
import { type Citizen, together } from '../city/population.ts'
import { difference, type Fold } from './fold.ts'

export interface Comparison {
  readonly compared: number
  /** One line for each actor that is served otherwise than its events say. */
  readonly differing: readonly string[]
}

/** Asks the engine for every booking and every runner, and holds the answers against the fold of the log. */
export async function compare(
  fold: Fold,
  http_url: string,
  admin: Citizen,
  runners: readonly Citizen[],
): Promise<Comparison> {
  const differing: string[] = []
  const bookings = fold.idsOf('booking')
  const known = new Set(fold.idsOf('runner'))
  const drivers = runners.filter(({ id }) => known.has(id))
  const hold = async (kind: string, id: string, http: HttpClient, path: string) => {
    const served = await http.get(path).then(
      ({ data }) => data,
      (error: Error) => `unanswered: ${error.message}`,
    )
    const found = difference(fold.view(kind, id), served)
    if (found !== undefined) differing.push(`${kind} ${id}: ${typeof served === 'string' ? served : found}`)
  }
  const administrator = clientOf({ http_url, token: admin.token })
  await together(16, bookings.length, async (index) => {
    const id = bookings[index] ?? ''
    await hold('booking', id, administrator, `/api/v1/bookings/${id}`)
  })
  await together(16, drivers.length, async (index) => {
    const driver = drivers[index]
    if (driver)
      await hold('runner', driver.id, clientOf({ http_url, token: driver.token }), '/api/v1/runners/me')
  })
  return { compared: bookings.length + drivers.length, differing }
}
