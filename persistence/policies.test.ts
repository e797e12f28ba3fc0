import { expect, test } from 'vitest'
import { policiesContract } from '../engine/policies.contract.ts'
import { systemEnv } from '../engine/system_env.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { connectNats } from './nats.ts'
import { openPolicies } from './policies.ts'
import { ensureStreams } from './streams.ts'
import { startNats } from './testing.ts'

async function open() {
  const server = await startNats()
  const connect = () => connectNats({ url: server.url, name: 'policies-test', env: systemEnv('error') })
  const link = await connect()
  const other = await connect()
  await ensureStreams(link, { shards: 8, replicas: 1 })
  return {
    server,
    link,
    policies: openPolicies(link),
    reopen: async () => openPolicies(other),
    close: async () => {
      await Promise.all([link.close(), other.close()])
      await server.stop()
    },
  }
}

policiesContract('nats', open)

test('PO4 a policy that was set outlives a server that is killed', async () => {
  const { server, link, policies, close } = await open()
  await policies.append({ ...firstPolicy, version: 2, runner_capacity: 2 })
  const back = new Promise<void>((resolve) => {
    link.onChange((connected) => {
      if (connected) resolve()
    })
  })
  await server.kill()
  await server.restart()
  await back
  expect(await policies.after(1)).toEqual([{ ...firstPolicy, version: 2, runner_capacity: 2 }])
  await close()
})

test('PO5 a stored document that is older than the program gets what it lacks from the first policy', async () => {
  const { link, policies, close } = await open()
  const { ranking: _ranking, pending_ms: _pending_ms, ...older } = firstPolicy
  await link.request('policies.2', JSON.stringify({ ...older, version: 2, gone: true }))
  expect(await policies.after(1)).toEqual([{ ...firstPolicy, version: 2 }])
  await link.request('policies.3', JSON.stringify({ version: 3, runner_capacity: 'many' }))
  await expect(policies.after(2)).rejects.toMatchObject({ name: 'Fault', retry: false })
  await close()
})
