/** Production's vault, one for each thread of a process: its keys are rows of the simulated database, and the seed draws them. */
import type { Line } from '../../gateways/vault/ciphers.ts'
import { mastersOf } from '../../gateways/vault/masters.ts'
import { openVault, type Vault } from '../../gateways/vault/vault.ts'
import type { KeptKey } from '../../protocols/person_keys.ts'
import type { VirtualEnv } from './virtual_env.ts'
import type { World } from './world.ts'

const masters = mastersOf([Buffer.alloc(32, 7).toString('base64url')])
const key_bytes = 32
/** From thread to thread of one process, in milliseconds. */
const hop_ms = 0.05

/** What the vaults of a process tell each other. */
export class Lines {
  readonly #world: World
  readonly #ends: { readonly env: VirtualEnv; readonly call: (kept: KeptKey) => void }[] = []

  constructor(world: World) {
    this.#world = world
  }

  of(env: VirtualEnv): Line {
    return {
      tell: (kept) => {
        for (const end of this.#ends)
          if (end.env !== env) this.#world.timeline.after(hop_ms, end.env.life, () => end.call(kept))
      },
      onTold: (call) => this.#ends.push({ env, call }),
      close: () => {},
    }
  }
}

/** A vault whose wrapped keys are no seed's, which nobody sees; what it seals with them is the seed's. */
export function vaultOf(world: World, env: VirtualEnv, lines: Lines): Vault {
  const caller = { life: env.life, network: world.network }
  const random = world.chance(`vault ${env.life.number}`)
  const freshKey = () => Uint8Array.from({ length: key_bytes }, () => random.whole(0, 255))
  return openVault({ keys: world.database.keysFor(caller), masters, env, line: lines.of(env), freshKey })
}
