// What the engine and its watcher say to each other.
import type { Ports } from './programs.ts'
import type { StoreState } from './store.ts'

export interface Order {
  readonly data_dir: string
  readonly nats: boolean
  readonly database: boolean
  readonly lock_wait_ms: number
  /** Set when clients know the ports already. */
  readonly ports: Ports | undefined
}

export interface StoreReport {
  readonly state: StoreState
  readonly pid?: number | undefined
}

export type Report =
  | { readonly kind: 'waiting'; readonly pid: number }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'stores'
      readonly nats: StoreReport
      readonly database: StoreReport
      readonly ports: Ports
    }
