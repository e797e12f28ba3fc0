import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHttp, type TestHttp } from './testing.ts'

const path = '/docs/swagger-ui-bundle.js'
const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`

let http: TestHttp
let whole: Buffer
beforeAll(async () => {
  http = await startHttp([])
  whole = Buffer.from(await (await fetch(http.origin + path)).arrayBuffer())
})
afterAll(() => http.stop())

async function opened(): Promise<Socket> {
  const socket = connect(Number(new URL(http.origin).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

test('HT47 a large body arrives whole, however slowly it is read, and the connection goes on', async () => {
  const socket = await opened()
  for (let times = 0; times < 2; times++) {
    socket.write(request)
    let got = Buffer.alloc(0)
    while (got.length < whole.length) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      got = Buffer.concat([got, chunk])
      socket.pause()
      await new Promise((resolve) => setImmediate(resolve))
      socket.resume()
      const end = got.indexOf('\r\n\r\n') + 4
      if (end > 4 && got.length === end + whole.length) {
        expect(got.subarray(end).equals(whole)).toBe(true)
        break
      }
    }
  }
  socket.destroy()
})

test('HT47 who asks for one large body after the other and reads none loses the connection', async () => {
  const socket = await opened()
  const closed = once(socket, 'close')
  let bytes = 0
  socket.write(request.repeat(40))
  // What the kernel had room for is still to be read once the server has hung up.
  socket.on('data', (chunk) => {
    bytes += chunk.length
    socket.pause()
    setImmediate(() => socket.resume())
  })
  socket.on('error', () => {})
  await closed
  expect(bytes).toBeLessThan(20 * whole.length)
})
