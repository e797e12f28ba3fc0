import { type ActorRow, type Cut, type CutHead, Fault, type Snapshots } from './ports.ts'

interface Shard {
  /** Oldest first. */
  heads: readonly CutHead[]
  /** By actor, the row of each cut in which it had changed, oldest first. */
  readonly rows: Map<string, readonly Versioned[]>
}

interface Versioned {
  readonly n: number
  readonly row: ActorRow
}

const keyOf = (kind: string, id: string) => `${kind} ${id}`
const asOf = (rows: readonly Versioned[] | undefined, n: number) => rows?.findLast((row) => row.n <= n)?.row

/** The twin of the PostgreSQL snapshots: the same contract, gone with the process. */
export class MemorySnapshots implements Snapshots {
  readonly #shards = new Map<number, Shard>()

  save(cut: Cut): Promise<void> {
    const shard = this.#shardOf(cut.shard)
    const newest = shard.heads.at(-1)
    if (newest && (newest.epoch > cut.epoch || newest.n > cut.n)) {
      return Promise.reject(
        new Fault(`shard ${cut.shard} has a cut at epoch ${newest.epoch}, frame ${newest.n}`, {
          retry: false,
        }),
      )
    }
    const { actors, ...head } = cut
    const kept = shard.heads.filter(({ n }) => n < cut.n).slice(-1)
    shard.heads = [...kept, head]
    for (const row of actors) {
      const key = keyOf(row.kind, row.id)
      const others = (shard.rows.get(key) ?? []).filter(({ n }) => n < cut.n)
      shard.rows.set(key, [...others, { n: cut.n, row }])
    }
    const oldest = shard.heads[0]?.n ?? cut.n
    for (const [key, rows] of shard.rows) shard.rows.set(key, neededSince(oldest, rows))
    return Promise.resolve()
  }

  cuts(shard: number): Promise<readonly CutHead[]> {
    return Promise.resolve(this.#shardOf(shard).heads.toReversed())
  }

  async *load(shard: number, n: number): AsyncIterable<readonly ActorRow[]> {
    const { heads, rows } = this.#shardOf(shard)
    if (!heads.some((head) => head.n === n))
      throw new Fault(`shard ${shard} has no cut ${n}`, { retry: true })
    const found = [...rows.values()].map((versions) => asOf(versions, n)).filter((row) => row !== undefined)
    if (found.length > 0) yield found
  }

  wake(shard: number, kind: string, id: string): Promise<ActorRow | undefined> {
    const { heads, rows } = this.#shardOf(shard)
    return Promise.resolve(asOf(rows.get(keyOf(kind, id)), heads.at(-1)?.n ?? 0))
  }

  async drop({ shard, epoch, n }: Pick<CutHead, 'shard' | 'epoch' | 'n'>): Promise<void> {
    const kept = this.#shardOf(shard)
    const heads = kept.heads.filter((head) => head.n !== n || head.epoch !== epoch)
    if (heads.length === kept.heads.length) return
    kept.heads = heads
    for (const [key, rows] of kept.rows) {
      const others = rows.filter((row) => row.n !== n)
      if (others.length > 0) kept.rows.set(key, others)
      else kept.rows.delete(key)
    }
  }

  #shardOf(shard: number): Shard {
    const found = this.#shards.get(shard)
    if (found) return found
    const made = { heads: [], rows: new Map() }
    this.#shards.set(shard, made)
    return made
  }
}

/** What the cut `n` and those after it are made of. */
function neededSince(n: number, rows: readonly Versioned[]): readonly Versioned[] {
  const base = rows.findLastIndex((row) => row.n <= n)
  return base > 0 ? rows.slice(base) : rows
}
