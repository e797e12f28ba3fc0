import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { checkNats } from './startup_check.ts'
import { startNats } from './testing.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A monitor page that says this. */
async function page(varz: object): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify(varz)))
  stops.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const strict = { asserted: false, unsafe: false }
const synced = { config: { sync_always: true } }

test('SU13 a server of our own passes the start-up check', async () => {
  const nats = await startNats()
  try {
    await expect(checkNats(nats.monitor_url, strict)).resolves.toBeUndefined()
  } finally {
    await nats.stop()
  }
})

test('SU13 a server that acks before it syncs, or is too old, or has no monitor page, is refused with what to do', async () => {
  const lazy = await page({ version: '2.15.1', jetstream: { config: { sync_interval: 120e9 } } })
  await expect(checkNats(lazy, strict)).rejects.toThrow('sync_interval: always')
  const old = await page({ version: '2.14.4', jetstream: synced })
  await expect(checkNats(old, strict)).rejects.toThrow('2.14.5')
  await expect(checkNats(undefined, strict)).rejects.toThrow('NATS_MONITOR_URL')
  await expect(checkNats('http://127.0.0.1:1', strict)).rejects.toThrow('monitor page')
})

test('SU13 an assertion stands in for a page that is not there, never for one that says otherwise', async () => {
  const lazy = await page({ version: '2.15.1', jetstream: { config: {} } })
  await expect(checkNats(undefined, { asserted: true, unsafe: false })).resolves.toBeUndefined()
  await expect(checkNats(lazy, { asserted: true, unsafe: false })).rejects.toThrow('sync')
  await expect(checkNats(lazy, { asserted: false, unsafe: true })).resolves.toBeUndefined()
})
