/** What the engine's own tests run on: an actor with no engine, and a stand of memory twins around it. */
import type { Behaviour, Message, Principal } from '../protocols/actor.ts'
import type { Effect } from '../protocols/effects.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { reject } from '../protocols/rejections.ts'
import { Board, boardBytes } from './board.ts'
import { SteppedEnv } from './clock.ts'
import type { Answer, Envelope } from './host.ts'
import { MemoryJournal, type MemoryLog } from './memory_journal.ts'
import { MemoryProjections } from './memory_projections.ts'
import { MemorySnapshots } from './memory_snapshots.ts'
import { MemoryTopics } from './memory_topics.ts'
import type { Meters } from './meters.ts'
import type { PolicyBook } from './policy_book.ts'
import type { Drivers, Snapshots } from './ports.ts'
import { Thread } from './thread.ts'
import type { Tracer } from './tracer.ts'

/** A counter's state is a number; `tell` makes it ask another counter to add as well, `later` itself, after a while. */
interface Add extends Message {
  readonly add: number
  readonly tell?: string
  readonly later_ms?: number
  readonly effect?: boolean
  readonly until?: number
}
type Added = Add

const add = (command: Omit<Add, 'type'>): Add => ({ type: 'counter.add', ...command })

export const counter: Behaviour = {
  name: 'counter',
  initial: 0,
  volatile: 0,
  places: false,
  decide(state, command) {
    const { type, ...rest } = command as Add
    if (type === 'counter.crash') throw new Error('a bug in decide')
    if (type === 'counter.break') return [{ type: 'counter.broken' }]
    if ((state as number) + rest.add < 0) return reject('booking.wrong_status', 'below zero')
    return rest.add === 0 ? [] : [{ type: 'counter.added', ...rest } as Message]
  },
  evolve(state, event) {
    if (event.type === 'counter.broken') throw new Error('a bug in evolve')
    return (state as number) + (event as Added).add
  },
  react(event, { id }) {
    const { add: by = 0, tell, later_ms, effect } = event as Added
    const to_other = tell ? [{ to: { actor: 'counter', id: tell }, command: add({ add: by }) }] : []
    const to_self = later_ms
      ? [{ to: { actor: 'counter', id }, command: add({ add: by }), after_ms: later_ms }]
      : []
    const notice = {
      type: 'push.send',
      data: { user_id: id, template: 'completed', booking_id: id },
    } as const
    // The engine never looks into a command: the tests' own are as good as the catalogue's.
    return { follow_ups: [...to_other, ...to_self] as never, effects: effect ? [notice as Effect] : [] }
  },
  settle: (command, state) => ((state as number) < ((command as Add).until ?? 0) ? 'wait' : 'done'),
  sense: ({ volatile }, signal) => ({ volatile: (volatile as number) + 1, shows: [signal] }),
  gathers: (signal) => signal.type === 'counter.ticked',
  gather: (signals) => add({ add: signals.length }),
  place: () => undefined,
  match: () => true,
  rank: ({ state }, { distance_km }) => ({
    cost: -(state as number),
    policy_version: 1,
    factors: { distance_km },
    weights: {},
  }),
  answer: ({ state, volatile }, query) =>
    query.type === 'counter.refused' ? reject('booking.not_yours', 'no') : { state, volatile },
  view: ({ state }) => ({ state }),
  invariant: (state) => ((state as number) > 1_000_000 ? 'too many' : undefined),
}

export const somebody: Principal = { id: '99999999-9999-4999-8999-999999999999', role: 'owner' }
export const idAt = (index: number) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`

/** Twins of every port, which a second start may share as the stores of the same deployment. */
export interface Stores {
  readonly journal: MemoryJournal
  readonly snapshots: Snapshots
  readonly projections: MemoryProjections
  readonly topics: MemoryTopics
}

export const memoryStores = (log?: MemoryLog): Stores => ({
  journal: new MemoryJournal(log),
  snapshots: new MemorySnapshots(),
  projections: new MemoryProjections(),
  topics: new MemoryTopics(),
})

export interface Stand {
  readonly env: SteppedEnv
  readonly stores: Stores
  readonly thread: Thread
  readonly board: Board
  readonly effects: { readonly effect: Effect; readonly id: string }[]
  /** The answer, once there is one. */
  send(id: string, command: Omit<Add, 'type'>, more?: Partial<Envelope>): Promise<Answer>
}

export interface StandOptions {
  readonly env?: SteppedEnv
  readonly stores?: Stores
  readonly shards?: number
  readonly resident_max?: number
  readonly run?: Drivers['effects']['run']
  readonly thread?: number
  readonly threads?: number
  readonly behaviours?: readonly Behaviour[]
  readonly book?: PolicyBook
  readonly meters?: Meters
  readonly tracer?: Tracer
  /** False: whoever asked opens the shards. */
  readonly opens?: boolean
}

/** A thread on memory twins, its shards open. */
export async function stand(options: StandOptions = {}): Promise<Stand> {
  const {
    env = new SteppedEnv(),
    stores = memoryStores(),
    shards = 2,
    thread: index = 0,
    threads = 1,
  } = options
  const effects: Stand['effects'] = []
  const run: Drivers['effects']['run'] = async (effect, id) => {
    effects.push({ effect, id })
    return undefined
  }
  const board = new Board(env, new SharedArrayBuffer(boardBytes(shards, threads)), shards, threads)
  const thread = new Thread({
    thread: index,
    threads,
    shards,
    env,
    drivers: { ...stores, effects: { run: options.run ?? run } },
    behaviours: options.behaviours ?? [counter],
    board,
    meters: options.meters,
    tracer: options.tracer,
    resident_max: options.resident_max ?? 1_000,
    policy: () => options.book?.current ?? firstPolicy,
    policyAt: (version) => options.book?.at(version) ?? firstPolicy,
  })
  if (options.opens !== false) await until(env, thread.open())
  const send = (id: string, command: Omit<Add, 'type'>, more: Partial<Envelope> = {}) =>
    thread.submit({
      id: env.uuid(),
      to: { actor: 'counter', id },
      command: add(command),
      by: somebody,
      deadline_ms: env.now_ms() + 10_000,
      lane: 'command',
      ...more,
    })
  return { env, stores, thread, board, effects, send }
}

/** Whether a promise has come to an end once all work at hand is done. */
export async function isSettled(env: SteppedEnv, promise: Promise<unknown>): Promise<boolean> {
  let ended = false
  const end = () => {
    ended = true
  }
  promise.then(end, end)
  await env.settle()
  return ended
}

/** The answer, while time goes by in steps. */
export async function until<Value>(
  env: SteppedEnv,
  promise: Promise<Value>,
  max_ms = 30_000,
): Promise<Value> {
  for (let passed_ms = 0; !(await isSettled(env, promise)); passed_ms += 25) {
    if (passed_ms > max_ms) throw new Error(`no answer within ${max_ms} ms`)
    await env.advance(25)
  }
  return promise
}

export const stateOf = async (here: Stand, id: string): Promise<unknown> => {
  const answer = await until(
    here.env,
    here.thread.ask({
      to: { actor: 'counter', id },
      query: { type: 'counter.view' },
      by: somebody,
      deadline_ms: here.env.now_ms() + 10_000,
    }),
  )
  return answer.ok && 'state' in answer.view ? answer.view.state : answer
}

/** A clock whose loop can be held up: what was due in the meantime fires late. */
export class HeldUpEnv extends SteppedEnv {
  held_ms = 0
  override monotonic_ms(): number {
    return super.monotonic_ms() + this.held_ms
  }
}
