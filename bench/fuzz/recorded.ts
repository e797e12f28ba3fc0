// What was recorded of real traffic, and what mutations start from.
import type { ActorRow, CutHead, LogEntry } from '../../engine/ports.ts'

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  /** Behind the question mark. */
  readonly query: string
  /** Each character a byte. */
  readonly body: string
}

export interface RecordedFrame {
  readonly binary: boolean
  readonly bytes: Uint8Array
}

export interface RecordedShard {
  readonly shard: number
  readonly entries: readonly LogEntry[]
  readonly cut: CutHead
  readonly actors: readonly ActorRow[]
}

export interface RecordedLog {
  readonly shards: number
  readonly parts: readonly RecordedShard[]
}
