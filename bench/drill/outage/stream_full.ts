import { systemEnv } from '../../../engine/system_env.ts'
import { connectNats } from '../../../persistence/nats.ts'
import { endpointsOf } from '../../city/backstage.ts'
import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { judgeLog } from './nats_gone.ts'
import { outage } from './outage.ts'

const gone_ms = { short: 10_000, long: 30_000 } as const
/** What is left to the log below its bound: a few frames. */
const left_bytes = 16 * 1024

interface StreamInfo {
  readonly config: { readonly name: string; readonly max_bytes: number; readonly discard: string }
  readonly state: { readonly bytes: number }
}

/** The stream of the log reaches its own bound, and is later given more. */
export function streamFull(options: DrillOptions): Promise<Outcome> {
  let bound = -1
  return outage(options, {
    name: 'streamfull',
    gone_ms: gone_ms[options.form],
    begin: ({ data_dir }) =>
      withStream(data_dir, async ({ config, state }, update) => {
        if (config.discard !== 'new') throw new Error(`a full ${config.name} would drop its oldest frames`)
        bound = config.max_bytes
        await update({ ...config, max_bytes: state.bytes + left_bytes })
      }),
    end: ({ data_dir }) =>
      withStream(data_dir, ({ config }, update) => update({ ...config, max_bytes: bound })),
    judge: (of) => [
      ...judgeLog(of('command')),
      ...(of('read').answered === 0 ? ['nothing could be read while the log was full'] : []),
    ],
  })
}

type Update = (config: StreamInfo['config']) => Promise<void>

async function withStream(
  data_dir: string,
  use: (info: StreamInfo, update: Update) => Promise<void>,
): Promise<void> {
  const { nats_url: url } = await endpointsOf(data_dir)
  const link = await connectNats({ url, name: 'kilat-drill', env: systemEnv('error') })
  const asked = async (what: string, body: object): Promise<StreamInfo> => {
    const answer = (await link.request(`$JS.API.STREAM.${what}`, JSON.stringify(body))).json<
      StreamInfo & { error?: { description: string } }
    >()
    if (answer.error) throw new Error(`${what}: ${answer.error.description}`)
    return answer
  }
  try {
    await use(await asked('INFO.EV0', {}), async (config) => void (await asked('UPDATE.EV0', config)))
  } finally {
    await link.close()
  }
}
