/** Six bugs, one at a time and only from outside: a driver that drops the fence, a row that forgets its check, a class with a hole. */
import { Gate } from '../../engine/gate.ts'
import { Keys } from '../../engine/keys.ts'
import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import type { Journal } from '../../engine/ports.ts'
import { Timers } from '../../engine/timers.ts'
import type { Behaviour } from '../../protocols/actor.ts'
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
]
