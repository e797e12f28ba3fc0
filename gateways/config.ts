/** Facts of a deployment. Read once from the environment, frozen, passed down as values. */
export interface Config {
  readonly port: number
  readonly bind_address: string
  readonly workers: number
  readonly shards: number
  readonly data_dir: string
  readonly nats_url: string | undefined
  readonly nats_monitor_url: string | undefined
  readonly nats_sync_asserted: boolean
  readonly database_url: string | undefined
  readonly database_pool_max: number
  readonly trusted_addresses: readonly string[]
  readonly allowed_origins: readonly string[]
  readonly token_issuer: string
  readonly signing_keys: string | undefined
  readonly resident_actors_max: number
  readonly log_level: 'debug' | 'info' | 'warn' | 'error'
  readonly unsafe: boolean
}
