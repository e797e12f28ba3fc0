/** Which nodes there are: the one that serves, and those that were replaced while they could not be heard of. */
import type { Shard } from '../../engine/shard.ts'
import { shardOf } from '../../protocols/shard.ts'
import { Node } from './node.ts'
import type { World } from './world.ts'

/** How soon whoever looks after processes sees that one is not ready any more. */
const watch_ms = 1_000

export class Deployment {
  readonly #world: World
  /** Newest last. */
  readonly nodes: Node[] = []
  /** When the newest was started. */
  launched_ms = 0

  constructor(world: World) {
    this.#world = world
  }

  /** The newest node. */
  get current(): Node | undefined {
    return this.nodes.at(-1)
  }

  /** The newest node serves every shard. */
  get isWhole(): boolean {
    const { current } = this
    return (
      (current?.open ?? false) && current?.members.every(({ thread }) => thread.owned.every(isOpen)) === true
    )
  }

  /** Starts a node, which claims every shard, whoever has them now. */
  launch(): Node {
    const node = new Node(this.#world, `node ${this.nodes.length + 1}`)
    this.nodes.push(node)
    this.launched_ms = this.#world.timeline.now_ms
    void node.start()
    return node
  }

  /**
   * As whoever looks after processes does: one that is dead, or whose readiness says that it lost a shard and waits to be
   * ended, gives way to another one.
   */
  keepUp(): void {
    const { current } = this
    if (current?.turned_out) current.kill()
    if (!current?.alive) this.launch()
  }

  /** Whether the node that serves has all of the actor's log: it may have lost the shard and not know. */
  isAbreast(id: string): boolean {
    const shard = shardOf(id, this.#world.plan.shards)
    const owned = this.current?.members
      .flatMap(({ thread }) => thread.owned)
      .find(({ index }) => index === shard)
    return owned?.durable_n === this.#world.auditor.log.durable(shard)
  }

  /**
   * Looks after the processes every second, from now on. While there is trouble, each kind of it says itself how long a
   * dead process stays away; one that begins to die just before the healing is dead after it, and nobody else sees it.
   */
  watch(): void {
    const { timeline, weather_life, phase } = this.#world
    timeline.after(watch_ms, weather_life, () => {
      if (phase.healed || this.current?.turned_out) this.keepUp()
      this.watch()
    })
  }

  /** A planned restart: the old one finishes what it took in while the new one comes up, or is not waited for. */
  async replace(): Promise<void> {
    const old = this.current
    if (!old?.open) return
    await old.drain()
    if (this.current === old) this.launch()
  }

  /** Clocks are set right, what is stopped goes on, what was replaced is ended, and one node serves. */
  heal(): void {
    for (const node of this.nodes) {
      node.clock.offset_ms = 0
      node.resume()
    }
    for (const node of this.nodes.slice(0, -1)) node.kill()
    this.keepUp()
  }
}

const isOpen = ({ status }: Shard) => status === 'open'
