import { histogram, percentileMs, recordMs } from '../histogram.ts'
import { bookingAt, enlist, must, people, standing } from '../load/fleet.ts'
import { HttpLine, requestOf } from '../load/http_line.ts'
import { type Bench, type Options, resultOf } from '../result.ts'
import { issuer, startStack } from '../stack.ts'
import { Mint } from '../tokens.ts'

interface Tally {
  winners: number
  lost: number
  /** Of the losers' refusals. */
  readonly codes: Map<string, number>
  /** Answers that are neither 200 nor a refusal that a loser may get. */
  readonly others: Map<string, number>
  /** Races that did not have exactly one winner. */
  wrong: number
}

interface Racer {
  readonly token: string
  readonly line: HttpLine
}

const count = (of: Map<string, number>, what: string) => of.set(what, (of.get(what) ?? 0) + 1)

async function race(racers: readonly Racer[], booking_id: string, tally: Tally, losers = histogram()) {
  const path = `/api/v1/bookings/${booking_id}/accept`
  const requests = racers.map(({ token }) => requestOf('POST', path, token))
  let winners = 0
  await Promise.all(
    racers.map(async ({ line }, index) => {
      const start = performance.now()
      const { status, body } = await line.send(requests[index] ?? Buffer.alloc(0))
      const took_ms = performance.now() - start
      if (status === 200) winners += 1
      else if (status === 409 || status === 422) {
        tally.lost += 1
        const code = /"code":"([^"]*)"/.exec(body)?.[1] ?? ''
        count(tally.codes, code)
        recordMs(losers, took_ms)
      } else count(tally.others, `${status} ${/"detail":"([^"]*)"/.exec(body)?.[1]?.replace(/\d+/g, 'n')}`)
    }),
  )
  tally.winners += winners
  if (winners !== 1) tally.wrong += 1
}

async function run(options: Options) {
  const runners = options.size('runners', 1_000)
  const bookings = options.size('bookings', 200)
  const workers = options.size('workers', 2)
  const stack = await startStack({ workers })
  const racers: Racer[] = []
  try {
    const mint = await Mint.open(stack.data_dir, issuer)
    const fleet = standing(await people(mint, 'runner', runners))
    const [owner] = await people(mint, 'owner', 1)
    if (!owner) throw new Error('there is no owner')
    await enlist(stack.port, fleet)
    options.note(`  ${runners} runners are online`)
    const desk = await HttpLine.open(stack.port)
    for (const { token } of fleet) racers.push({ token, line: await HttpLine.open(stack.port) })
    const tally: Tally = { winners: 0, lost: 0, codes: new Map(), others: new Map(), wrong: 0 }
    const losers = histogram()
    for (let booking = 0; booking < bookings; booking++) {
      const { id } = await must(desk, bookingAt(owner.token, 1.5, 103.7))
      await race(racers, String(id), tally, losers)
      // Lets the winner go, so that all are free for the next one.
      await must(desk, requestOf('POST', `/api/v1/bookings/${id}/cancel`, owner.token, { reason: 'bench' }))
      if ((booking + 1) % 20 === 0)
        options.note(`  ${booking + 1} bookings, losers p99 ${percentileMs(losers, 99)} ms`)
    }
    desk.close()
    const { winners, lost, codes, others, wrong } = tally
    return resultOf(
      'accept',
      'ms p99 of losers',
      bookings,
      { ours: percentileMs(losers, 99) },
      {
        counts: `${runners} runners accept one booking at once over HTTP, ${bookings} bookings in sequence, ${workers} worker threads`,
        winners,
        losers: lost,
        refusals: Object.fromEntries(codes),
        others: Object.fromEntries(others),
        races_without_exactly_one_winner: wrong,
        losers_p50_ms: percentileMs(losers, 50),
        losers_max_ms: losers.maxValue / 1_000,
      },
    )
  } finally {
    for (const { line } of racers) line.close()
    await stack.stop()
  }
}

export const accept: Bench = {
  name: 'accept',
  target: 'exactly one winner each, all others told so; losers p99 < 100 ms',
  meets: ({ ours, extra }) =>
    extra.races_without_exactly_one_winner === 0 &&
    Object.keys(Object(extra.others)).length === 0 &&
    ours < 100,
  run,
}
