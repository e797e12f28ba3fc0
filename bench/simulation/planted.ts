/** Bugs, one at a time and only from outside: a driver that drops the fence, a row that forgets its check, a class with a hole. */
import { Board } from '../../engine/board.ts'
import { Gate } from '../../engine/gate.ts'
import { Keys } from '../../engine/keys.ts'
import { Mailbox } from '../../engine/mailbox.ts'
import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import type { Journal, Topics } from '../../engine/ports.ts'
import { Timers } from '../../engine/timers.ts'
import { Watchers } from '../../engine/watchers.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { no_plant, type Plant } from './plant.ts'

/** Puts other methods into a class, and gives back how the old ones return. */
function patched<Class extends { prototype: object }>(
  into: Class,
  methods: Partial<Class['prototype']>,
): () => void {
  const before = Object.fromEntries(
    Object.keys(methods).map((name) => [name, (into.prototype as Readonly<Record<string, unknown>>)[name]]),
  )
  Object.assign(into.prototype, methods)
  return () => void Object.assign(into.prototype, before)
}

/** Every append is one that nothing fences: what a claim is. */
const unfenced = (journal: Journal): Journal => ({
  append: (shard, id, bytes) => journal.claim(shard, id, bytes),
  claim: (shard, id, bytes) => journal.claim(shard, id, bytes),
  last: (shard) => journal.last(shard),
  read: (shard, after_seq, until_seq) => journal.read(shard, after_seq, until_seq),
})

/** A booking that takes every accept, whatever it is and whoever has it. */
const credulous = (behaviour: Behaviour): Behaviour => ({
  ...behaviour,
  decide(state, command, context) {
    if (behaviour.name !== 'booking' || command.type !== 'booking.accept')
      return behaviour.decide(state, command, context)
    const { requirement, attempt } = state as { requirement: object; attempt: number }
    return [
      {
        type: 'booking.runner_pending',
        runner_id: context.by.id,
        requirement,
        attempt: attempt + 1,
      } as never,
    ]
  },
})

/** A store that keeps whatever cut comes last, of whatever epoch. */
class UnfencedSnapshots extends MemorySnapshots {
  override save(cut: Parameters<MemorySnapshots['save']>[0]): Promise<void> {
    // A fence that is refused is taken for a success.
    return super.save(cut).catch(() => undefined)
  }
}

/** Timers that forget what recovery hands them: those are added before anybody has asked what is due. */
function forgetful(): () => void {
  const running = new WeakSet<Timers>()
  const { add, due } = Timers.prototype
  Timers.prototype.add = function (timer) {
    if (running.has(this)) add.call(this, timer)
  }
  Timers.prototype.due = function (now_ms, max) {
    running.add(this)
    return due.call(this, now_ms, max)
  }
  return () => void Object.assign(Timers.prototype, { add, due })
}

/** Each frame's events go by themselves, and nobody waits for those before them. */
const sideBySide = (topics: Topics): Topics => ({
  publish: async (frames) => {
    await Promise.all(frames.map((frame) => topics.publish([frame])))
  },
  report: (report) => topics.report(report),
  dead: (shard, letter) => topics.dead(shard, letter),
})

/** What was not acked counts as published. */
const trusting = (topics: Topics): Topics => ({
  publish: (frames) => topics.publish(frames).catch(() => undefined),
  report: (report) => topics.report(report),
  dead: (shard, letter) => topics.dead(shard, letter),
})

/** A mailbox that takes whatever comes. */
function boundless(): () => void {
  const { put } = Mailbox.prototype
  Mailbox.prototype.put = function (activation, work) {
    const { mailbox_activation_max, mailbox_shard_max } = limits
    Object.assign(limits, { mailbox_activation_max: 1e9, mailbox_shard_max: 1e9 })
    try {
      return put.call(this, activation, work)
    } finally {
      Object.assign(limits, { mailbox_activation_max, mailbox_shard_max })
    }
  }
  return () => void Object.assign(Mailbox.prototype, { put })
}

/** A runner whose fixes are placed by what was once learned of his device's clock, whatever the server's has done since. */
const timebound = (behaviour: Behaviour): Behaviour => ({
  ...behaviour,
  sense(self, signal, context) {
    const seen = behaviour.sense(self, signal, context)
    if (behaviour.name !== 'runner') return seen
    const { bookings } = self.state as { bookings: readonly { booking_id: string; since_ms: number }[] }
    const relays = (seen.relays ?? []).map(({ to, signal: told }) => {
      const since_ms = bookings.find(({ booking_id }) => booking_id === to.id)?.since_ms ?? 0
      const { waypoints } = told as unknown as { waypoints: readonly { at_ms: number }[] }
      const during = waypoints.filter(({ at_ms }) => at_ms >= since_ms - limits.fix_future_max_ms)
      return { to, signal: { ...told, waypoints: during } as never }
    })
    return { ...seen, relays }
  },
})

export const planted: readonly Plant[] = [
  {
    ...no_plant,
    name: 'fence header removed',
    drivers: (stores) => ({ ...stores, journal: unfenced(stores.journal) }),
  },
  {
    ...no_plant,
    name: 'gate opened early',
    install: () =>
      patched(Gate, {
        hold(_n, release) {
          release()
        },
      }),
  },
  {
    ...no_plant,
    name: 'dedupe skipped',
    install: () => patched(Keys, { find: () => undefined }),
  },
  { ...no_plant, name: 'accept without its state check', behaviours: (all) => all.map(credulous) },
  { ...no_plant, name: 'snapshot not fenced', snapshots: () => new UnfencedSnapshots() },
  { ...no_plant, name: 'timer lost on recovery', install: forgetful },
  {
    ...no_plant,
    name: 'list that does not wait',
    install: () => patched(Board, { caughtUp: async () => true }),
  },
  {
    ...no_plant,
    name: 'topics published side by side',
    drivers: (stores) => ({ ...stores, topics: sideBySide(stores.topics) }),
  },
  {
    ...no_plant,
    name: 'topics published without their acks',
    drivers: (stores) => ({ ...stores, topics: trusting(stores.topics) }),
  },
  { ...no_plant, name: 'mailbox without a bound', install: boundless },
  {
    ...no_plant,
    name: 'watchers never forgotten',
    install: () => patched(Watchers, { remove: () => undefined }),
  },
  { ...no_plant, name: 'fix older than its trip', behaviours: (all) => all.map(timebound) },
]
