import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Cluster, postgisVersions, postgresPrograms } from '../../../persistence/cluster.given.ts'
import { freePort } from '../../../persistence/embedded/free_port.ts'
import { spawnGuarded } from '../../../persistence/embedded/guarded.ts'
import { projectDir } from '../../../persistence/embedded/project_dir.ts'
import { leftOver } from '../left_over.ts'
import { workersOn } from '../processes.ts'
import { judgeDatabase } from './database_gone.ts'
import { judgeLog } from './nats_gone.ts'
import { wrongWith } from './outage.ts'
import { type LaneCount, note, Sampler } from './sampler.ts'
import { familyOf, killAll, resumeAll, stopAll } from './stopped.ts'

const children: ChildProcess[] = []
const servers: Server[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const server of servers.splice(0)) server.close()
})

const count = (more: Partial<LaneCount> = {}): LaneCount => ({
  answered: 0,
  refused: 0,
  unreachable: 0,
  slowest_ms: 0,
  wrong: new Map(),
  ...more,
})
const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers })

test('OU7 a refusal without a time to try again, and any other trouble of the server, is told', () => {
  const counted = count()
  note(counted, answer(503, { 'retry-after': '1' }), false)
  note(counted, answer(503), false)
  note(counted, answer(500), false)
  note(counted, answer(200), true)
  expect(counted).toMatchObject({ answered: 1, refused: 1 })
  expect([...counted.wrong.keys()]).toEqual(['503 without Retry-After', 'status 500'])
})

test('OU7 who asks counts each answer by the phase in which he asked, and says what was wrong', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url?.endsWith('bad') ? 500 : 200
    response.end('{"success":true}')
  })
  servers.push(server.listen(0, '127.0.0.1'))
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const acked: number[] = []
  let enough = () => {}
  const asked = new Promise<void>((resolve) => {
    enough = resolve
  })
  const sampler = new Sampler(`http://127.0.0.1:${port}`, [
    {
      name: 'lane',
      every_ms: 1,
      ask: async (number) => {
        if (number === 2) sampler.phase = 'gone'
        if (number >= 4) enough()
        return number < 4 ? { method: 'GET', path: number === 3 ? '/bad' : '/good', token: '' } : undefined
      },
      acked: (number) => acked.push(number),
    },
  ])
  sampler.begin()
  await asked
  await sampler.end()
  expect(sampler.of('lane', 'before').answered + sampler.of('lane', 'gone').answered).toBe(3)
  expect(acked.sort()).toEqual([0, 1, 2])
  expect(sampler.wrong()).toEqual(['lane gone: status 500 (1 times)'])
})

test('OU8 an outage that nobody noticed, or that grew the engine, or after which nothing goes on, is told', () => {
  const calm = { noticed_ms: 40, memory_mb: { before: 200, peak: 260 } }
  const well = count({ answered: 9 })
  expect(wrongWith(calm, well)).toEqual([])
  expect(wrongWith({ ...calm, noticed_ms: undefined }, well)).toHaveLength(1)
  expect(wrongWith({ ...calm, noticed_ms: 60_000 }, well)).toHaveLength(1)
  expect(wrongWith({ ...calm, memory_mb: { before: 200, peak: 2_000 } }, well)).toHaveLength(1)
  expect(wrongWith(calm, count())).toHaveLength(1)
})

test('OU8 a log that was never away, and a database without which logins went on, are told', () => {
  expect(judgeLog(count({ refused: 3 }))).toEqual([])
  expect(judgeLog(count({ answered: 3 }))).toHaveLength(1)
  const lanes: Record<string, LaneCount> = {
    command: count({ answered: 50 }),
    login: count({ refused: 5 }),
    cold: count({ refused: 2, answered: 7 }),
  }
  const judged = (more: Record<string, LaneCount>) =>
    judgeDatabase((lane) => ({ ...lanes, ...more })[lane] ?? count())
  expect(judged({})).toEqual([])
  expect(judged({ command: count() })).toHaveLength(1)
  expect(judged({ command: count({ answered: 5, refused: 1 }) })).toHaveLength(1)
  expect(judged({ login: count({ refused: 5, answered: 1 }) })).toHaveLength(1)
  expect(judged({ login: count() })).toHaveLength(1)
  expect(judged({ cold: count({ answered: 9 }) })).toHaveLength(1)
})

test('OU9 under a cut a process stands still with all that it has started, until it goes on or is killed', async () => {
  const script = 'sleep 60 & while :; do echo on; sleep 0.01; done'
  const child = spawnGuarded('/bin/sh', ['-c', script], { out: 'pipe' })
  children.push(child)
  const says = () => new Promise((resolve) => child.stdout?.once('data', resolve))
  await says()
  const family = await stopAll([child.pid ?? 0])
  expect(family.length).toBeGreaterThanOrEqual(2)
  child.stdout?.read()
  resumeAll(family)
  await says()
  await killAll(await stopAll([child.pid ?? 0]))
  expect(familyOf([child.pid ?? 0]).filter((pid) => pid !== child.pid)).toEqual([])
})

test('OU9 one that is starting another program, again and again, stands still too', async () => {
  const child = spawnGuarded('/bin/sh', ['-c', 'while :; do /bin/true; done'])
  children.push(child)
  for (let round = 0; round < 60; round++) resumeAll(await stopAll([child.pid ?? 0]))
  await killAll(await stopAll([child.pid ?? 0]))
  expect(familyOf([child.pid ?? 0]).filter((pid) => pid !== child.pid)).toEqual([])
}, 60_000)

/** One that has shut down takes its mark away. */
const wasKilled = (dir: string) => existsSync(join(dir, 'data', 'home', 'cluster', 'postmaster.pid'))

test('DF8 a PostgreSQL of a drill’s own ends when it is told to, with all its children', async () => {
  const programs = postgresPrograms()
  if (programs === undefined) return expect(postgisVersions()).toEqual([])
  const dir = await mkdtemp(join(tmpdir(), 'kilat-cluster-'))
  try {
    const cluster = await Cluster.make(programs, join(dir, 'data', 'home'), await freePort())
    await cluster.start()
    const family = familyOf([await cluster.pid()])
    expect(family.length).toBeGreaterThan(3)
    await cluster.stop()
    // Nobody but who waited beside it has to be awaited.
    expect(workersOn(dir).filter(({ command }) => !command.startsWith('/bin/sh'))).toEqual([])
    expect(await leftOver(() => workersOn(dir), 20_000)).toEqual([])
    expect(wasKilled(dir)).toBe(false)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('DF8 a PostgreSQL of a drill that was killed ends as well', async () => {
  const programs = postgresPrograms()
  if (programs === undefined) return expect(postgisVersions()).toEqual([])
  const dir = await mkdtemp(join(tmpdir(), 'kilat-cluster-'))
  try {
    const compiled = join(projectDir(), 'dist', 'persistence', 'cluster.given.js')
    const code = `
      const { Cluster } = await import(${JSON.stringify(compiled)})
      const home = ${JSON.stringify(join(dir, 'data', 'home'))}
      const cluster = await Cluster.make(${JSON.stringify(programs)}, home, ${await freePort()})
      await cluster.start()
      console.log('up')`
    const drill = spawnGuarded(process.execPath, ['--input-type=module', '-e', code], { out: 'pipe' })
    children.push(drill)
    await new Promise((resolve) => drill.stdout?.once('data', resolve))
    expect(workersOn(dir).length).toBeGreaterThan(3)
    drill.kill('SIGKILL')
    expect(await leftOver(() => workersOn(dir), 20_000)).toEqual([])
    expect(wasKilled(dir)).toBe(false)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
