import type { Activation } from './activation.ts'
import type { Core, ShardParts } from './core.ts'
import { Keys } from './keys.ts'
import { Outbox } from './outbox.ts'
import { recover } from './recovery.ts'
import { Refolding } from './refold.ts'
import { Residents } from './residents.ts'
import { Shard } from './shard.ts'
import { Timers } from './timers.ts'

/** Claims a shard and builds it from its log. Rejects with a Fault when a store does not answer or the log is broken. */
export async function openShard(parts: ShardParts): Promise<{ shard: Shard; replayed: number }> {
  const { shard, env, drivers } = parts
  const core = coreOf(parts)
  try {
    const recovered = await recover({ ...parts, ...drivers, ...core, quarantine: core.quarantine })
    const { tip, published, at_ms, replayed } = recovered
    env.log('info', `shard ${shard} is open`, { epoch: tip.epoch, n: tip.n, replayed })
    return { shard: new Shard(parts, core, tip, published, at_ms), replayed }
  } catch (cause) {
    core.residents.clear()
    core.outbox.close()
    throw cause
  }
}

function coreOf(parts: ShardParts): Core {
  const { shard, env, drivers } = parts
  const dead = (letter: object) => {
    drivers.topics.dead(shard, letter).catch((cause: unknown) => {
      env.log('error', 'a dead letter could not be kept', { shard, cause: String(cause) })
    })
  }
  const core: Core = {
    residents: new Residents({
      ...parts,
      snapshots: drivers.snapshots,
      refolding: new Refolding({ ...parts, journal: drivers.journal }),
      quarantine: (activation, why) => core.quarantine(activation, why),
    }),
    keys: new Keys(),
    timers: new Timers(),
    outbox: new Outbox({
      env,
      effects: drivers.effects,
      meters: parts.meters,
      tracer: parts.tracer,
      submit: parts.submit,
      refused: (step, rejection) => dead({ why: 'a step was refused', step, rejection }),
    }),
    dead,
    quarantine(activation: Activation, why: string): void {
      activation.quarantined = why
      dead({ why: 'quarantined', of: activation.address, seq: activation.seq, cause: why })
    },
  }
  return core
}
