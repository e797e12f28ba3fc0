// Clients that take their time on purpose. The library's own clock ends them, about ten seconds after they came.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
beforeAll(async () => {
  http = await startHttp([])
})
afterAll(() => http.stop())

/** Sends a first text and then a little more for ever; what it saw until the server closed. */
async function dripping(first: string, more: string): Promise<string> {
  const socket: Socket = connect(Number(new URL(http.origin).port), '127.0.0.1')
  let seen = ''
  socket.on('error', () => {})
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    seen += chunk
  })
  socket.write(first)
  const drip = setInterval(() => more !== '' && socket.write(more), 500)
  await once(socket, 'close')
  clearInterval(drip)
  return seen
}

test('AB40 half a head, half a body and a connection without a request are ended, and honest clients are served meanwhile', async () => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n'
  const slow = {
    nothing: ['', ''],
    'a letter': ['G', ''],
    'a head that never ends': [`${head}X-A: `, 'a'],
    'headers without end': [head, 'X-A: b\r\n'],
    'a body that never comes': [`${head}Content-Length: 100000\r\n\r\n`, ''],
    'a body byte by byte': [`${head}Content-Length: 100000\r\n\r\n`, '{'],
    'a chunk that never ends': [`${head}Transfer-Encoding: chunked\r\n\r\nffff\r\n`, 'a'],
    'an idle connection after an answer': ['GET /health HTTP/1.1\r\nHost: a\r\n\r\n', ''],
  } as const
  let ended = false
  const all = Promise.all(
    Array.from({ length: 20 }, () =>
      Object.values(slow).map(([first, more]) => dripping(first, more)),
    ).flat(),
  ).finally(() => {
    ended = true
  })
  let served = 0
  while (!ended) {
    expect((await http.call('GET', '/health')).status).toBe(200)
    served += 1
    await new Promise((resolve) => setImmediate(resolve))
  }
  const seen = await all
  expect(served).toBeGreaterThan(10)
  expect(seen.filter((text) => text.startsWith('HTTP/1.1 200'))).toHaveLength(20)
  expect(seen.filter((text) => text.startsWith('HTTP/1.1 5'))).toEqual([])
}, 60_000)
