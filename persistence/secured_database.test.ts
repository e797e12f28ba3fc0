import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authority, type Files, issued } from './certificates.given.ts'
import { Cluster, postgisVersions, postgresPrograms } from './cluster.given.ts'
import { freePort } from './embedded/free_port.ts'
import { migrate } from './migrate.ts'
import { attempt, closeSql, openSql, secured } from './pg.ts'
import { documentedText, tlsFront } from './secured.given.ts'
import { startDatabase, type TestDatabase } from './testing.ts'

let database: TestDatabase
let dir: string
let ca: string
let files: Files
const own = authority('the test')
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kilat-tls-'))
  ca = join(dir, 'ca.pem')
  writeFileSync(ca, own.certificate)
  files = issued(dir, 'database', own)
  database = await startDatabase()
}, 120_000)
afterAll(async () => {
  await database?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Asks something over the address; the error that it ends in, or undefined. */
async function asked(url: string): Promise<unknown> {
  const sql = openSql({ url, max: 1, application_name: 'secured-test' })
  try {
    return await attempt('asking', () => sql`SELECT 1`).then(
      () => undefined,
      (fault: unknown) => fault,
    )
  } finally {
    await closeSql(sql)
  }
}

test('LP5 queries and migrations go over TLS to a database whose certificate is believed', async () => {
  const front = await tlsFront(database.url, files)
  try {
    const url = front.url({ sslmode: 'verify-full', sslrootcert: ca })
    await migrate(url, () => undefined)
    expect(await asked(url)).toBeUndefined()
    expect(await asked(front.url({ sslrootcert: ca }))).toBeUndefined()
    expect(await asked(front.url({ sslmode: 'require' }))).toBeUndefined()
    // The front serves nobody without TLS: what went through it was encrypted.
    await expect(migrate(front.url({}), () => undefined)).rejects.toThrow('migrating the database')
  } finally {
    await front.stop()
  }
}, 120_000)

test('LP6 a database whose certificate is of another authority, or has expired, is not asked', async () => {
  const stranger = issued(dir, 'stranger', authority('somebody else'))
  const expired = issued(dir, 'expired', own, Date.now() - 60_000)
  for (const [theirs, code] of [
    [stranger, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [expired, 'CERT_HAS_EXPIRED'],
  ] as const) {
    const front = await tlsFront(database.url, theirs)
    const url = front.url({ sslmode: 'verify-full', sslrootcert: ca })
    try {
      expect(await asked(url)).toMatchObject({ message: expect.stringContaining(`(${code})`), retry: false })
      await expect(migrate(url, () => undefined)).rejects.toThrow(code)
    } finally {
      await front.stop()
    }
  }
}, 120_000)

test('LP6 a certificate of another host is told with that host and its own names, and is not tried again', async () => {
  const front = await tlsFront(database.url, files)
  const url = front.url({ sslmode: 'verify-full', sslrootcert: ca }).replace('@127.0.0.1:', '@localhost:')
  try {
    for (const fault of [await asked(url), await migrate(url, () => undefined).catch((error) => error)]) {
      expect(fault).toMatchObject({ name: 'Fault', retry: false })
      expect(String(fault)).toMatch(/does not fit: .*Host: localhost\. is not cert's CN: database/)
    }
    expect(await asked(url.replace('verify-full', 'verify-ca'))).toBeUndefined()
  } finally {
    await front.stop()
  }
}, 120_000)

test('LP6 what is said about TLS and cannot be done ends the start, and nothing goes without it', () => {
  const base = 'postgres://kilat@127.0.0.1:5432/kilat'
  expect(secured(base)).toEqual({ url: base, ssl: undefined })
  expect(secured(`${base}?sslmode=disable`)).toEqual({ url: base, ssl: false })
  expect(secured(`${base}?sslmode=verify-full`)).toMatchObject({
    url: base,
    ssl: { rejectUnauthorized: true },
  })
  for (const said of [
    'sslmode=prefer',
    'sslmode=',
    'sslrootcert=/nowhere.pem',
    'sslmode=require&sslkey=/nowhere',
  ])
    expect(() => secured(`${base}?${said}`)).toThrow(/sslmode is one of|cannot be read/)
})

test('LP10 the server’s own TLS is spoken, with certificates on both sides, by queries and migrations', async () => {
  const programs = postgresPrograms()
  if (programs === undefined) return expect(postgisVersions()).toEqual([])
  const client = issued(dir, 'client', own)
  const trusted = { sslmode: 'verify-full', sslrootcert: ca }
  const both = { ...trusted, sslcert: client.cert, sslkey: client.key }
  const port = await freePort()
  const cluster = await Cluster.make(programs, join(dir, 'data', 'home'), port, { ...files, ca, said: both })
  try {
    await cluster.start()
    const url = (said: Readonly<Record<string, string>>) =>
      `postgres://kilat@127.0.0.1:${port}/postgres?${new URLSearchParams(said)}`
    const sql = openSql({ url: url(both), max: 1, application_name: 'secured-test' })
    try {
      const rows = await sql`SELECT ssl, version, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
      expect(rows[0]).toMatchObject({ ssl: true, version: 'TLSv1.3', client_dn: '/CN=client' })
    } finally {
      await closeSql(sql)
    }
    await migrate(url(both), () => undefined)
    // Without a certificate, without TLS, and with a certificate of somebody else's.
    for (const said of [trusted, { sslmode: 'disable' }])
      expect(await asked(url(said))).toMatchObject({ name: 'Fault', retry: false })
    const stranger = issued(dir, 'strange-client', authority('somebody else'))
    expect(await asked(url({ ...trusted, sslcert: stranger.cert, sslkey: stranger.key }))).toMatchObject({
      name: 'Fault',
    })
    await expect(migrate(url(trusted), () => undefined)).rejects.toThrow('migrating the database')
    // And a server whose certificate is of another authority is not asked.
    const other = join(dir, 'other-ca.pem')
    writeFileSync(other, authority('somebody else').certificate)
    expect(await asked(url({ ...both, sslrootcert: other }))).toMatchObject({
      message: expect.stringMatching(/^asking: .* \(SELF_SIGNED_CERT_IN_CHAIN\)$/),
    })
  } finally {
    await cluster.stop()
  }
}, 120_000)

/** In a transaction as the role; what it was refused is told by its SQLSTATE. */
async function as(role: string, statement: string): Promise<string> {
  const sql = openSql({ url: database.url, max: 1, application_name: 'secured-test' })
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(`SET LOCAL ROLE ${role}`)
      await tx.unsafe(statement)
    })
    return 'done'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  } finally {
    await closeSql(sql)
  }
}

const refused = '42501'

test('LP7 the engine’s role makes and fills its tables and nothing else; the reporting role reads lists alone', async () => {
  const suffix = `t${process.pid}`
  const named = (text: string) =>
    text
      .replaceAll('kilat_engine', `kilat_engine_${suffix}`)
      .replaceAll('kilat_report', `kilat_report_${suffix}`)
  const [engine, report] = [named('kilat_engine'), named('kilat_report')]
  const admin = openSql({ url: database.url, max: 1, application_name: 'secured-test' })
  try {
    await migrate(database.url, () => undefined)
    await admin.unsafe(named(documentedText('roles.sql')))
    await admin.unsafe(named(documentedText('reporting.sql')))
    expect(await as(engine, 'CREATE TABLE own (id int); INSERT INTO own VALUES (1); DROP TABLE own')).toBe(
      'done',
    )
    expect(await as(engine, 'CREATE EXTENSION IF NOT EXISTS postgis')).toBe('done')
    for (const statement of [
      'CREATE ROLE another',
      'CREATE SCHEMA another',
      `ALTER ROLE ${engine} SUPERUSER`,
    ])
      expect([statement, await as(engine, statement)]).toEqual([statement, refused])
    expect(await as(report, 'SELECT count(*) FROM bookings')).toBe('done')
    for (const statement of [
      'SELECT * FROM users',
      'SELECT * FROM refresh_tokens',
      'SELECT * FROM chat_messages',
      'SELECT * FROM snapshot_actors',
      'DELETE FROM bookings',
      'CREATE TABLE own (id int)',
    ])
      expect([statement, await as(report, statement)]).toEqual([statement, refused])
  } finally {
    await admin
      .unsafe(`DROP OWNED BY ${engine}, ${report}; DROP ROLE ${engine}, ${report}`)
      .catch(() => undefined)
    await closeSql(admin)
  }
}, 120_000)
