import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Fault } from '../engine/ports.ts'
import { closeSql, inTransaction, openSql } from './pg.ts'
import { startDatabase } from './testing.ts'

test('SN13 a connection that goes in the middle of a transaction ends it in a fault that may be tried again, and nothing else', async () => {
  const database = await startDatabase()
  const { hostname, port } = new URL(database.url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database.url)
  url.port = String((server.address() as AddressInfo).port)
  const sql = openSql({ url: url.href, max: 1, application_name: 'kilat-test' })
  try {
    const lost = inTransaction(sql, 'losing', async (tx) => {
      await tx`SELECT 1`
      for (const socket of sockets) socket.destroy()
      await tx`SELECT 2`
    })
    await expect(lost).rejects.toMatchObject(new Fault('losing: CONNECTION_CLOSED', { retry: true }))
    expect(await inTransaction(sql, 'again', async (tx) => (await tx`SELECT 3 AS n`)[0]?.n)).toBe(3)
  } finally {
    await closeSql(sql)
    server.close()
    for (const socket of sockets) socket.destroy()
    await database.stop()
  }
})

test('SN13 nor does one that goes while the database stays away for long', async () => {
  const database = await startDatabase()
  const { hostname, port } = new URL(database.url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database.url)
  url.port = String((server.address() as AddressInfo).port)
  const sql = openSql({ url: url.href, max: 1, application_name: 'kilat-test' })
  const thrown: unknown[] = []
  const note = (error: unknown) => void thrown.push(error)
  process.on('uncaughtException', note)
  try {
    const lost = inTransaction(sql, 'losing', async (tx) => {
      await tx`SELECT 1`
      server.close()
      for (const socket of sockets) socket.destroy()
      await tx`SELECT 2`
    })
    await expect(lost).rejects.toMatchObject({ retry: true })
    // Each of these meets a shut door: the pool has long been trying again.
    for (let tries = 0; tries < 8; tries++)
      await expect(inTransaction(sql, 'away', (tx) => tx`SELECT 3`)).rejects.toMatchObject({ retry: true })
    server.listen(Number(url.port), '127.0.0.1')
    await once(server, 'listening')
    expect(await inTransaction(sql, 'again', async (tx) => (await tx`SELECT 3 AS n`)[0]?.n)).toBe(3)
    expect(thrown).toEqual([])
  } finally {
    process.off('uncaughtException', note)
    await closeSql(sql)
    server.close()
    for (const socket of sockets) socket.destroy()
    await database.stop()
  }
})
