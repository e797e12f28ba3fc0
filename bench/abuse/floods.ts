// Attacks by number: each is let through up to its bound and refused above it.
import { WebSocket } from 'ws'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { ask, closeOf, drip, knockAt } from './asking.ts'
import { type Found, type Scene, stranger, Tally } from './scene.ts'

/** An attacker's machine is this one too: his calls come at a pace, so that the engine alone slows honest people. */
const per_second = 400

/** Does `work` so many times, each at its time, whatever became of those before. Resolves with the milliseconds that it took. */
async function many(
  count: number,
  work: (index: number) => Promise<void>,
  pace = per_second,
): Promise<number> {
  const began_ms = performance.now()
  const under_way: Promise<void>[] = []
  for (let index = 0; index < count; index++) {
    const early_ms = began_ms + (index * 1_000) / pace - performance.now()
    if (early_ms > 0) await new Promise((resolve) => setTimeout(resolve, early_ms))
    under_way.push(work(index))
  }
  await Promise.all(under_way)
  return performance.now() - began_ms
}

/** What a bucket of so many a minute lets through in that time, at most. */
const letThrough = (per_min: number, took_ms: number) => per_min * (1 + (took_ms + 1_000) / 60_000)

/** One address asks far more than it may. */
export async function requestFlood({ port, tokens, booking_id }: Scene, count: number): Promise<Found> {
  const tally = new Tally()
  const asked = { path: `/api/v1/bookings/${booking_id}`, token: tokens.other_owner, from: stranger() }
  const took_ms = await many(count, async () => {
    tally.add('a flood', (await ask(port, asked)).status, [403, 429])
  })
  if ((tally.found.statuses[403] ?? 0) > letThrough(limits.rate_gateway_per_min, took_ms))
    tally.wrong('a flood was let through')
  return tally.found
}

/** Guesses at a second: each that is looked at costs ten milliseconds of hashing. */
const guesses_per_second = 40

/** Somebody else's password, from many addresses and from one; then its user comes from where he always does. */
export async function bruteForce(
  port: number,
  email: string,
  password: string,
  home: string,
): Promise<Found> {
  const tally = new Tally()
  const login = (from: string, guess: string) =>
    ask(port, { method: 'POST', path: '/api/v1/auth/login', body: { email, password: guess }, from })
  tally.add('the user', (await login(home, password)).status, [200])
  const addresses = Array.from({ length: 12 }, stranger)
  const tries = addresses.length * (limits.login_pair_burst + 3)
  const guess = async (index: number) => {
    const from = addresses[index % addresses.length] ?? home
    tally.add('a guess', (await login(from, `guess-${index}`)).status, [401, 429])
  }
  await many(tries, guess, guesses_per_second)
  if ((tally.found.statuses[401] ?? 0) > limits.login_account_burst + 20)
    tally.wrong('too many guesses were looked at')
  if ((tally.found.statuses[429] ?? 0) === 0) tally.wrong('no guess was refused for its number')
  tally.add('the user after the attack', (await login(home, password)).status, [200])
  return tally.found
}

/** Connections that bring a head, a body or nothing, as slowly as they can. Each must be closed by the server. */
export async function slowClients(port: number, count: number, closed_in_ms: number): Promise<Found> {
  const tally = new Tally()
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n'
  const kinds = [
    ['half a head', `${head}X-A: `, 'a'],
    ['half a body', `${head}Content-Length: 100000\r\n\r\n`, '{'],
    ['nothing', '', ''],
  ] as const
  await many(count, async (index) => {
    const [what, first, more] = kinds[index % kinds.length] ?? kinds[0]
    const took_ms = await drip(port, stranger(), first, more, 1_000)
    tally.add(what, took_ms < closed_in_ms ? 0 : 1, [0])
  })
  return tally.found
}

const isOpen = (seen: WebSocket | number): seen is WebSocket => typeof seen !== 'number'
const statusOf = (seen: WebSocket | number) => (isOpen(seen) ? 101 : seen)

/** Handshakes without end from one address, and sockets without end of one account. */
export async function socketFlood({ port, tokens, booking_id }: Scene, workers: number): Promise<Found> {
  const tally = new Tally()
  const from = stranger()
  const took_ms = await many(limits.rate_sockets_per_min + 200, async () => {
    const seen = await knockAt(port, '/ws/runner?token=x', from)
    tally.add('a handshake', statusOf(seen), [401, 429])
  })
  if ((tally.found.statuses[401] ?? 0) > letThrough(limits.rate_sockets_per_min, took_ms))
    tally.wrong('handshakes were let through')
  const open: WebSocket[] = []
  const wanted = limits.sockets_per_account_max * workers + 20
  for (let index = 0; index < wanted; index++) {
    const seen = await knockAt(port, `/ws/tracking/${booking_id}?token=${tokens.owner}`, stranger())
    tally.add('a feed', statusOf(seen), [101, 429])
    if (isOpen(seen)) open.push(seen)
  }
  // One that has closed meanwhile has given its seat away.
  const still = open.filter(({ readyState }) => readyState === WebSocket.OPEN)
  if (still.length > wanted - 20) tally.wrong('an account has more sockets than it may')
  for (const socket of open) socket.terminate()
  return tally.found
}

/** Sockets that were let in and then say too much, or what cannot be read. */
export async function frameFlood({ port, tokens, booking_id }: Scene): Promise<Found> {
  const tally = new Tally()
  const rubbish = Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])
  const runner = await knockAt(port, `/ws/runner?token=${tokens.other_runner}`, stranger())
  tally.add('a runner', statusOf(runner), [101])
  if (isOpen(runner)) {
    for (let sent = 0; sent < limits.socket_frames_burst + 2 * limits.socket_faults_max; sent++)
      runner.send(rubbish)
    tally.add('a flood of frames', await closeOf(runner), [closeCodes.flood, closeCodes.malformed])
  }
  const watcher = await knockAt(port, `/ws/tracking/${booking_id}?token=${tokens.admin}`, stranger())
  tally.add('a watcher', statusOf(watcher), [101])
  if (isOpen(watcher)) {
    for (let sent = 0; sent < 2 * limits.feed_inbound_burst; sent++) watcher.send('x')
    tally.add('a watcher who talks', await closeOf(watcher), [closeCodes.flood])
  }
  const large = await knockAt(port, `/ws/runner?token=${tokens.other_runner}`, stranger())
  if (isOpen(large)) {
    large.send('x'.repeat(limits.socket_frame_bytes_max + 1))
    tally.add('a frame above the bound', await closeOf(large), [1006, 1009])
  }
  return tally.found
}
