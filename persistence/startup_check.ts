import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { versionAtLeast } from './embedded/nats_server.ts'

/** The oldest server on which the journal was measured to keep its promises. */
const version_min = '2.14.5'

export interface NatsCheck {
  /** The operator vouches for `sync_interval: always` where no monitor page can be read. */
  readonly asserted: boolean
  /** Serve all the same: for trials only, since acked commands can be lost in a power cut. */
  readonly unsafe: boolean
}

interface Varz {
  readonly version?: string
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } }
}

/**
 * Refuses a NATS server that acks before it has synced, or is too old: the default sync interval lost most of the
 * acked messages in a simulated power cut. Rejects with a Fault that says what to do.
 */
export async function checkNats(monitor_url: string | undefined, check: NatsCheck): Promise<void> {
  if (check.unsafe || (check.asserted && monitor_url === undefined)) return
  if (monitor_url === undefined)
    throw refusal(
      'it has no known monitor page: set NATS_MONITOR_URL, or NATS_SYNC_ASSERTED=1 if it syncs always',
    )
  const varz = await read(monitor_url)
  if (varz.version === undefined || !versionAtLeast(varz.version, version_min))
    throw refusal(`it is version ${varz.version ?? 'unknown'}, and ${version_min} is the oldest that will do`)
  if (varz.jetstream?.config?.sync_always !== true)
    throw refusal('it does not sync before it acks: set `sync_interval: always` in its jetstream block')
}

async function read(monitor_url: string): Promise<Varz> {
  try {
    const response = await fetch(new URL('/varz', monitor_url), {
      signal: AbortSignal.timeout(limits.nats_connect_ms),
    })
    return (await response.json()) as Varz
  } catch (cause) {
    throw new Fault('the monitor page of NATS cannot be read', { retry: true, cause })
  }
}

const refusal = (why: string) => new Fault(`this NATS server will not do: ${why}`, { retry: false })
