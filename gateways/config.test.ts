import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configKeys, envExample, loadConfig } from './config.ts'

test('SU9 an empty environment is a configuration: absent and empty keys take their defaults', () => {
  const config = loadConfig({ PORT: '', WORKERS: ' ' })
  expect(config).toMatchObject({
    port: 8080,
    shards: 8,
    data_dir: '.kilat',
    token_issuer: 'kilat-pet-runner',
    unsafe: false,
  })
  expect(config.nats_url).toBeUndefined()
  expect(config.allowed_origins).toHaveLength(4)
  expect(Object.isFrozen(config)).toBe(true)
})

test('SU9 values are read as what their key is', () => {
  const config = loadConfig({
    PORT: '9090',
    WORKERS: '3',
    NATS_SYNC_ASSERTED: '1',
    TRUSTED_ADDRESSES: '10.0.0.0/8, ::1,',
    LOG_LEVEL: 'warn',
  })
  expect(config).toMatchObject({ port: 9090, workers: 3, nats_sync_asserted: true, log_level: 'warn' })
  expect(config.trusted_addresses).toEqual(['10.0.0.0/8', '::1'])
})

test('SU10 every malformed key is named in one error, and no value of a secret', () => {
  const load = () =>
    loadConfig({ PORT: '99999', SHARDS: '7', WORKERS: 'two', KILAT_UNSAFE: 'maybe', DATABASE_URL: 'hunter2' })
  expect(load).toThrow(/PORT: .*\n.*WORKERS: .*\n.*SHARDS: .*\n.*DATABASE_URL: .*\n.*KILAT_UNSAFE: /)
  expect(load).not.toThrow('hunter2')
})

test('SU11 .env.example is what the schema says: every key, once', () => {
  const text = readFileSync('.env.example', 'utf8')
  expect(text).toBe(envExample())
  expect([...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)).toEqual(configKeys)
})

test('LP8 the files of TLS and of credentials travel in the address of NATS, and belong together', () => {
  const { nats_url } = loadConfig({
    NATS_URL: 'tls://engine:secret@one:4222',
    NATS_CA_FILE: '/etc/kilat/ca.pem',
    NATS_CERT_FILE: '/etc/kilat/engine.pem',
    NATS_KEY_FILE: '/etc/kilat/engine.key',
  })
  const { searchParams } = new URL(nats_url ?? '')
  expect(Object.fromEntries(searchParams)).toEqual({
    ca: '/etc/kilat/ca.pem',
    cert: '/etc/kilat/engine.pem',
    key: '/etc/kilat/engine.key',
  })
  expect(loadConfig({ NATS_URL: 'nats://one:4222' }).nats_url).toBe('nats://one:4222')
  expect(() => loadConfig({ NATS_CERT_FILE: 'a' })).toThrow('NATS_KEY_FILE, go together')
  expect(() => loadConfig({ NATS_CREDS_FILE: 'a', NATS_NKEY_FILE: 'b' })).toThrow('NATS_NKEY_FILE')
})
