// The image and the services: what has to be true of them for the promises to hold.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configKeys } from './config.ts'

interface Service {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: object
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
}
interface Compose {
  readonly services: Readonly<Record<'engine' | 'nats' | 'postgres', Service>>
  readonly configs: { readonly nats: { readonly content: string } }
}
const { services, configs } = parse(readFileSync('docker-compose.yml', 'utf8')) as Compose
const { engine, nats, postgres } = services

/** Stage by stage: the line that begins it and what follows. */
const stages = readFileSync('Dockerfile', 'utf8')
  .split(/^(?=FROM )/m)
  .filter((text) => text.startsWith('FROM '))

test('SU12 the NATS service is 2.15, syncs before it acks, keeps its streams and shows its monitor page', () => {
  expect(nats.image).toMatch(/^nats:2\.15/)
  expect(configs.nats.content).toMatch(/^ +sync_interval: always$/m)
  expect(configs.nats.content).toContain('http: "0.0.0.0:8222"')
  expect(configs.nats.content).toContain('store_dir: "/data"')
  expect(nats.volumes).toEqual(['nats:/data'])
  expect(engine.environment?.NATS_MONITOR_URL).toBe('http://nats:8222')
})

test('SU12 the engine starts when both stores are healthy, and is told only what its schema knows', () => {
  expect(engine.depends_on).toEqual({
    nats: { condition: 'service_healthy' },
    postgres: { condition: 'service_healthy' },
  })
  expect(nats.healthcheck).toBeDefined()
  expect(postgres.healthcheck).toBeDefined()
  expect(postgres.image).toContain('postgis')
  expect(configKeys).toEqual(expect.arrayContaining(Object.keys(engine.environment ?? {})))
})

test('SU12 no password has a default', () => {
  const { POSTGRES_PASSWORD: password = '' } = postgres.environment ?? {}
  for (const text of [password, engine.environment?.DATABASE_URL])
    expect(text).toContain('${POSTGRES_PASSWORD:?')
})

test('SU12 the image is built in stages on Node 24 and Debian 13, runs as nobody of importance, and tells its health', () => {
  const last = stages.at(-1) ?? ''
  expect(stages.length).toBeGreaterThan(2)
  expect(last).toMatch(/^FROM node:24-trixie-slim /)
  expect(last).toMatch(/^USER node$/m)
  expect(last).toMatch(/^HEALTHCHECK [\s\S]*\/readiness/m)
  const environment = /^ENV (.*)$/m.exec(last)?.[1]?.split(' ') ?? []
  const names = environment.map((pair) => pair.replace(/=.*/, '')).filter((name) => name !== 'NODE_ENV')
  expect(configKeys).toEqual(expect.arrayContaining(names))
})
