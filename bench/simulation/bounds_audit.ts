/** What each process holds in memory: never more than its bounds while it runs, and nothing of what passes once all is at rest. */
import { type Holdings, mostHeld } from '../../engine/holdings.ts'
import { limits } from '../../protocols/limits.ts'
import type { Breaches } from './breaches.ts'
import type { Node } from './node.ts'

/** How often it looks, in virtual milliseconds. */
const look_ms = 100

/** What belongs to something under way: nothing of it is left when nothing is. */
// biome-ignore format: a list reads better as one
const passing = ['mailbox', 'mailbox_bytes', 'gate', 'outbox', 'outbox_beside', 'settling', 'gathering', 'waking', 'tenure'] as const

type Sizes = Record<string, number>

export class BoundsAudit {
  readonly #breaches: Breaches
  #next_ms = 0
  /** The most there was of each, ever. */
  readonly peaks: Sizes = {}
  /** The least there was of each since all is at rest. */
  readonly #least: Sizes = {}

  constructor(breaches: Breaches) {
    this.#breaches = breaches
  }

  /** Looks at the living, when it is time. */
  look(now_ms: number, nodes: readonly Node[]): void {
    if (now_ms < this.#next_ms) return
    this.#next_ms = now_ms + look_ms
    const most = mostOf()
    for (const node of nodes) {
      if (!node.alive) continue
      const sizes = sizesOf(node)
      for (const [name, size] of Object.entries(sizes)) {
        this.peaks[name] = Math.max(size, this.peaks[name] ?? 0)
        const bound = most[name]
        if (bound !== undefined && size > bound)
          this.#breaches.add('bounds', `${node.name} holds ${size} of ${name}, and ${bound} are the most`)
      }
    }
  }

  /** At rest, again and again: what is there each time is never let go. */
  see(node: Node | undefined): void {
    if (!node) return
    for (const [name, size] of Object.entries({ ...passingOf(node), ...aroundOf(node) }))
      this.#least[name] = Math.min(size, this.#least[name] ?? Number.POSITIVE_INFINITY)
  }

  end(): void {
    for (const [name, size] of Object.entries(this.#least))
      if (size > 0) this.#breaches.add('leak', `${size} of ${name} are left although nothing is under way`)
  }
}

/** By name, the largest of all shards and threads. */
function sizesOf(node: Node): Sizes {
  const sizes: Sizes = aroundOf(node)
  for (const { thread } of node.members)
    for (const { waiting, residents } of thread.owned) {
      for (const [name, size] of Object.entries(waiting)) sizes[name] = Math.max(size, sizes[name] ?? 0)
      for (const { queued } of residents.awake()) sizes.queued = Math.max(queued, sizes.queued ?? 0)
    }
  return sizes
}

/** The sum over all shards of what passes. */
function passingOf(node: Node): Sizes {
  const sizes: Sizes = {}
  const held: readonly Holdings[] = node.members.flatMap(({ thread }) =>
    thread.owned.map(({ waiting }) => waiting),
  )
  for (const name of passing) sizes[name] = held.reduce((sum, each) => sum + each[name], 0)
  return sizes
}

/** What stands around the shards: of all threads the largest. */
function aroundOf(node: Node): Sizes {
  const most = (numbers: readonly number[]) => Math.max(0, ...numbers)
  return {
    questions: most(node.links.map(({ open }) => open.questions)),
    watchers: most(node.links.map(({ open }) => open.watchers)),
    watched: most(node.members.map(({ thread }) => thread.watched)),
    inboxes: most(node.connections.map(({ inboxes }) => inboxes)),
    reports: most(node.connections.map(({ reports }) => reports)),
  }
}

/** As limits are now. A control lane may hold twice as many for one actor. */
const mostOf = (): Readonly<Record<string, number | undefined>> => ({
  ...mostHeld(),
  queued: 2 * limits.mailbox_activation_max,
  questions: limits.mesh_queue_max,
  reports: limits.report_window + limits.report_queue_max,
})
