import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ask, hangUp, undeclared_answers } from '../abuse/asking.ts'
import { forgedTokens, oversized, wrongRoles } from '../abuse/attacks.ts'
import { bruteForce, frameFlood, requestFlood, slowClients, socketFlood } from '../abuse/floods.ts'
import type { HonestBirth, Served, Which } from '../abuse/honest.ts'
import { type Found, stranger, Tally } from '../abuse/scene.ts'
import { password, type Stage, setStage } from '../abuse/stage.ts'
import { startStack } from '../stack.ts'
import type { Drill, Outcome } from './row.ts'

// Beside this folder once it is built.
const script = new URL('../abuse/honest_thread.js', import.meta.url)
const workers = 2
const honest_max_ms = 100
/** A machine that is this busy without any attack is not measured against the target alone. */
const noise_factor = 3
const warm_ms = 1_500
const quiet_ms = 4_000
/** The library closes slow connections after ten seconds, counted in steps of four. */
const closed_in_ms = 25_000
const grace_ms = 11_000

/** Attacks of every kind on a running engine, and honest people meanwhile. */
export const abuseDrill: Drill = {
  name: 'abuse',
  target:
    'wrong roles, foreign ids, forged tokens, replays, guesses, floods, slow and large requests: all refused with their code; honest p99 < 100 ms',
  short: { rounds: 1, limit_s: 120 },
  long: { rounds: 5, limit_s: 900 },
  is_alone: true,
  async run({ rounds, note }) {
    const stack = await startStack({ workers })
    let people: People | undefined
    try {
      const stage = await setStage(stack, 30)
      people = startPeople({ port: stage.port, people: stage.people })
      return await withTraffic(stage, rounds, people, note)
    } finally {
      await people?.stop()
      hangUp()
      await stack.stop()
    }
  },
}

interface People {
  /** What was served since it was last asked so. */
  seen(): Promise<Served>
  total(): Promise<Served>
  stop(): Promise<unknown>
}

/** On a thread of their own, so that what attackers keep busy is not counted as waiting. */
function startPeople(birth: HonestBirth): People {
  const worker = new Worker(script, { workerData: birth })
  const asked = async (which: Which) => {
    worker.postMessage(which)
    const [served] = (await once(worker, 'message')) as [Served]
    return served
  }
  return {
    seen: () => asked('seen'),
    total: () => asked('total'),
    stop: () => worker.terminate(),
  }
}

async function withTraffic(
  stage: Stage,
  rounds: number,
  people: People,
  note: (line: string) => void,
): Promise<Outcome> {
  const before = await stage.look()
  await pause(warm_ms)
  await people.total()
  await pause(quiet_ms)
  const quiet = await people.total()
  await people.seen()
  const found: Record<string, Seen> = {}
  for (let round = 1; round <= rounds; round++)
    for (const [name, each] of Object.entries(await attack(stage, round, people))) {
      found[`${name} ${round}`] = each
      const { tried, statuses, wrong, honest } = each
      note(
        `${name}: ${tried} tried, ${JSON.stringify(statuses)}, ${wrong.length} wrong; honest ${told(honest)}`,
      )
    }
  const meanwhile = await people.total()
  const allowed_ms = Math.max(honest_max_ms, noise_factor * quiet.p99_ms)
  note(
    `honest: ${told(quiet)} before; ${told(meanwhile)} meanwhile; p99 below ${allowed_ms.toFixed(0)} ms wanted`,
  )
  const wrong = Object.values(found).flatMap((each) => each.wrong)
  if ((await stage.look()) !== before) wrong.push('an attack has changed something')
  if (meanwhile.p99_ms >= allowed_ms) wrong.push(`honest p99 was ${meanwhile.p99_ms} ms`)
  return {
    acked: Object.values(found).reduce((sum, { tried }) => sum + tried, 0),
    lost: 0,
    doubled: 0,
    serving_ms: null,
    wrong: [...wrong, ...undeclared_answers, ...quiet.wrong, ...meanwhile.wrong],
    extra: { quiet, meanwhile, allowed_ms, attacks: shown(found) },
  }
}

const shown = (found: Readonly<Record<string, Seen>>) =>
  Object.fromEntries(
    Object.entries(found).map(([name, { tried, statuses, honest }]) => [
      name,
      { tried, statuses, honest_p99_ms: honest.p99_ms },
    ]),
  )

/** One round of every attack, and what honest people saw during each; those that wait for a time-out run beside the others. */
async function attack(stage: Stage, round: number, people: People): Promise<Readonly<Record<string, Seen>>> {
  const beside = { replays: replays(stage, round), slow: slowClients(stage.port, 150, closed_in_ms) }
  const attacks = {
    roles: () => wrongRoles(stage),
    tokens: () => forgedTokens(stage, stage.expired),
    oversized: () => oversized(stage),
    guesses: () => bruteForce(stage.port, stage.email, password, '127.77.1.1'),
    requests: () => requestFlood(stage, 1_500),
    sockets: () => socketFlood(stage, workers),
    frames: () => frameFlood(stage),
    replays: () => beside.replays,
    slow: () => beside.slow,
  }
  const seen: Record<string, Seen> = {}
  for (const [name, run] of Object.entries(attacks)) {
    const found = await run()
    seen[name] = { ...found, honest: await people.seen() }
  }
  return seen
}

interface Seen extends Found {
  readonly honest: Served
}

/** A refresh token that comes again after its grace, and all that was made of it; and a webhook that is none. */
async function replays({ port, email }: Stage, round: number): Promise<Found> {
  const tally = new Tally()
  const from = stranger()
  const post = (path: string, body: object) =>
    ask(port, { method: 'POST', path: `/api/v1${path}`, body, from })
  const tokenIn = (text: string) =>
    String((JSON.parse(text) as { data: { refresh_token: string } }).data.refresh_token)
  const person = { email: `${round}-${email}`, password, full_name: 'Replayed', role: 'owner' }
  const first = tokenIn((await post('/auth/register', person)).text)
  const next = await post('/auth/refresh', { refresh_token: first })
  tally.add('a rotation', next.status, [200])
  await pause(grace_ms)
  for (const [what, refresh_token] of [
    ['a spent token', first],
    ['its successor', tokenIn(next.text)],
  ] as const)
    tally.add(what, (await post('/auth/refresh', { refresh_token })).status, [401])
  const webhook = { type: 'payment_intent.succeeded', data: { object: { metadata: {} } } }
  tally.add('a webhook', (await post('/payments/webhook', webhook)).status, [400])
  return tally.found
}

const told = ({ requests, p50_ms, p99_ms, max_ms }: Served) =>
  `${requests} requests, p50 ${p50_ms.toFixed(1)}, p99 ${p99_ms.toFixed(1)}, max ${max_ms.toFixed(1)} ms`

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
