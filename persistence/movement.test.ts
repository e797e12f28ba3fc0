import { expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { readMovement } from './movement.ts'
import { connectNats } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats } from './testing.ts'

test('WI5 positions reach back to the beginning while none was dropped, and then to the oldest that is left', async () => {
  const server = await startNats()
  const link = await connectNats({ url: server.url, name: 'movement-test', env: systemEnv('error') })
  try {
    await ensureStreams(link, { shards: 1, replicas: 1 })
    expect(await readMovement(link, 0)).toMatchObject({ reach_ms: 0 })
    const tell = async (runner: number) => {
      const data = JSON.stringify({ subject: String(runner), data: {} })
      return (await link.request(`runner.events.${runner}.location_update`, data)).json()
    }
    for (const runner of [1, 2, 3]) await tell(runner)
    const whole = await readMovement(link, 0)
    expect(whole.reach_ms).toBe(0)
    const told: string[] = []
    for await (const { subject } of whole.moves) told.push(subject)
    expect(told).toEqual(['1', '2', '3'])
    const purge = (seq: number) => link.request('$JS.API.STREAM.PURGE.RUNNER_EVENTS', JSON.stringify({ seq }))
    const before_ms = Date.now() - 60_000
    await purge(3)
    const { reach_ms } = await readMovement(link, 0)
    expect(reach_ms).toBeGreaterThan(before_ms)
    expect(reach_ms).toBeLessThanOrEqual(Date.now())
    await purge(4)
    expect(await readMovement(link, 0)).toMatchObject({ reach_ms: Number.POSITIVE_INFINITY })
  } finally {
    await link.close()
    await server.stop()
  }
})
