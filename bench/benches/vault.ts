import { systemEnv } from '../../engine/system_env.ts'
import { freshMaster, mastersOf } from '../../gateways/vault/masters.ts'
import { MemoryPersonKeys } from '../../gateways/vault/memory_person_keys.ts'
import { openVault } from '../../gateways/vault/vault.ts'
import { packState, unpackState } from '../../protocols/codec.ts'
import { Random } from '../city/random.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'

const people = 100

/** A request as the apps send it, with six texts of a person. */
const bodyOf = (random: Random) => {
  const text = () => random.uuid()
  const place = () => ({
    ...{ line1: text(), line2: text(), city: 'Ipoh', state: 'Perak', postal_code: '', country: 'MY' },
    ...{ latitude: 4.6, longitude: 101.1 },
  })
  return {
    pet_spec: { pet_type: 'cat', name: 'Milo', weight_kg: 4, vaccinations: [], special_needs: text() },
    pickup_address: place(),
    dropoff_address: place(),
    notes: text(),
  }
}

/** The same bodies sealed, opened, opened again, and only written and read: microseconds each. */
async function run({ rounds, size, note }: Options) {
  const count = size('commands', 5_000)
  const env = systemEnv('error')
  const vault = openVault({ keys: new MemoryPersonKeys(), masters: mastersOf([freshMaster()]), env })
  const random = new Random(7)
  const ids = Array.from({ length: people }, () => random.uuid())
  const rows: { seal: number; open: number; again: number; plain: number }[] = []
  try {
    for (let round = 0; round <= rounds; round++) {
      const bodies = Array.from({ length: count }, () => bodyOf(random))
      const sealed: object[] = []
      const each = async (work: (index: number) => unknown) => {
        const began_ms = performance.now()
        for (let index = 0; index < count; index++) await work(index)
        return ((performance.now() - began_ms) * 1_000) / count
      }
      const seal = await each(async (index) => {
        sealed.push(await vault.seal('booking.request', bodies[index] ?? {}, ids[index % people] ?? ''))
      })
      const open = await each((index) => vault.openNow(sealed[index]))
      const row = {
        seal,
        open,
        // The newest of each person: they are still known.
        again: await each((index) => vault.openNow(sealed[count - 1 - (index % people)])),
        plain: await each((index) => unpackState(packState(bodies[index]))),
      }
      note(
        `  ${Object.entries(row)
          .map(([what, us]) => `${what} ${us.toFixed(1)} us`)
          .join(', ')}`,
      )
      if (round > 0) rows.push(row)
    }
  } finally {
    vault.stop()
  }
  const of = (name: keyof (typeof rows)[number]) => median(rows.map((row) => row[name]))
  return resultOf(
    'vault',
    'us/command',
    rounds,
    { ours: of('seal') + of('open'), floor: of('plain') },
    {
      counts: `requests for a booking with six texts of a person, ${count} a round, sealed and opened once; the floor is the same body packed and unpacked by msgpack`,
      seal_us: of('seal'),
      open_us: of('open'),
      open_again_us: of('again'),
    },
  )
}

export const vaultBench: Bench = {
  name: 'vault',
  target: 'sealing and opening a request at most 20 times its msgpack',
  meets: ({ ratio_floor }) => ratio_floor !== null && ratio_floor <= 20,
  run,
}
