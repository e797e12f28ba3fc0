import { MemoryJournal } from '../../engine/memory_journal.ts'
import { MemoryTopics } from '../../engine/memory_topics.ts'
import type { Journal, LogEntry, Topics } from '../../engine/ports.ts'
import type { Auditor } from './auditor.ts'
import { ask, type Caller, distances, type Place } from './network.ts'
import type { Life, Timeline } from './timeline.ts'

export class Streams {
  readonly log = new MemoryJournal()
  readonly topics = new MemoryTopics()
  down = false
  readonly cut = new Set<Life>()
  readonly #place: Place
  readonly #auditor: Auditor

  constructor(timeline: Timeline, life: Life, auditor: Auditor) {
    this.after = (ms, call) => void timeline.after(ms, life, call)
    this.#auditor = auditor
    this.#place = {
      life,
      distance: distances.nats,
      timeout_ms: 5_000,
      isAway: (caller) => this.down || this.cut.has(caller.life),
    }
  }

  partition(life: Life, ms: number): void {
    this.cut.add(life)
    this.after(ms, () => this.cut.delete(life))
  }
  loseLeader(ms: number): void {
    this.down = true
    this.after(ms, () => {
      this.down = false
    })
  }
  heal(): void {
    this.down = false
    this.cut.clear()
  }
  after: (ms: number, call: () => void) => void

  async open(caller: Caller): Promise<{ journal: Journal; topics: Topics }> {
    const to = <Value>(act: () => Promise<Value>) => ask(caller, this.#place, act)
    const { log, topics } = this
    const store = (shard: number, act: () => Promise<number>) =>
      to(async () => {
        const before = log.log.of(shard).length
        const seq = await act()
        const entry = log.log.of(shard)[before]
        if (entry) this.#auditor.stored(shard, entry)
        return seq
      })
    return {
      journal: {
        append: (shard, id, bytes, expected) => store(shard, () => log.append(shard, id, bytes, expected)),
        claim: (shard, id, bytes) => store(shard, () => log.claim(shard, id, bytes)),
        last: (shard) => to(() => log.last(shard)),
        read: (shard, after, until) => spread(to(() => all(log.read(shard, after, until)))),
      },
      topics: {
        publish: (frames) => to(() => topics.publish(frames)),
        report: (report) => topics.report(report),
        dead: (shard, letter) => to(() => topics.dead(shard, letter)),
      },
    }
  }
}

async function* spread(coming: Promise<readonly LogEntry[]>): AsyncIterable<LogEntry> {
  yield* await coming
}
async function all(entries: AsyncIterable<LogEntry>): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = []
  for await (const entry of entries) found.push(entry)
  return found
}
