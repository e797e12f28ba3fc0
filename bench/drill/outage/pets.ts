import { clientOf } from '../../city/owner_app.ts'
import type { Citizen } from '../../city/population.ts'
import type { Lane } from './sampler.ts'

const pets_per_owner_max = 90
const every_ms = 250

/** Rows that the database acked, and nobody else keeps: after a power cut each must still be there. */
export class Pets {
  readonly #owners: readonly Citizen[]
  readonly #acked = new Map<string, Citizen>()

  constructor(owners: readonly Citizen[]) {
    this.#owners = owners
  }

  get acked(): number {
    return this.#acked.size
  }

  readonly lane: Lane = {
    name: 'pet',
    every_ms,
    ask: async (number) => {
      const owner = this.#ownerOf(number)
      if (!owner) return undefined
      const body = { name: `Pet ${number}`, pet_type: 'cat', breed: '', weight_kg: 4 }
      return { method: 'POST', path: '/pets', body, token: await owner.token(false) }
    },
    acked: (number, body) => {
      const { data } = body as { data: { id: string } }
      const owner = this.#ownerOf(number)
      if (owner) this.#acked.set(data.id, owner)
    },
  }

  /** Those that the engine does not have. Rejects when it does not answer. */
  async lost(http_url: string): Promise<readonly string[]> {
    const lost: string[] = []
    for (const owner of this.#owners) {
      const mine = [...this.#acked].filter(([, of]) => of === owner).map(([id]) => id)
      const http = clientOf({ http_url, token: owner.token })
      const { data } = await http.get<readonly { id: string }[]>('/api/v1/users/me/pets')
      const kept = new Set(data.map(({ id }) => id))
      lost.push(...mine.filter((id) => !kept.has(id)))
    }
    return lost
  }

  /** An account holds a bounded number of them. */
  #ownerOf(number: number): Citizen | undefined {
    const of_each = Math.floor(number / this.#owners.length)
    return of_each < pets_per_owner_max ? this.#owners[number % this.#owners.length] : undefined
  }
}
