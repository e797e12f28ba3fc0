/** Which nodes there are: the one that serves, and those that were replaced while they could not be heard of. */
import { Node } from './node.ts'
import type { World } from './world.ts'

export class Deployment {
  readonly #world: World
  /** Newest last. */
  readonly nodes: Node[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** The newest node. */
  get current(): Node | undefined {
    return this.nodes.at(-1)
  }

  /** Starts a node, which claims every shard, whoever has them now. */
  launch(): Node {
    const node = new Node(this.#world, `node ${this.nodes.length + 1}`)
    this.nodes.push(node)
    void node.start()
    return node
  }

  /** As whoever looks after processes does: one that is dead is started again. */
  keepUp(): void {
    if (!this.current?.alive) this.launch()
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
