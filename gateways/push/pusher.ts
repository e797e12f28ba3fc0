import type { Device } from '../../protocols/notice_tables.ts'
import type { Worded } from './templates.ts'

export interface PushMessage extends Worded {
  readonly notification_id: string
  /** '' for none. */
  readonly booking_id: string
}

/** One way to a device. */
export interface Pusher {
  /** `taken`: the service has it. `gone`: the device will never be reached by this token. Rejects with a Fault. */
  push(device: Device, message: PushMessage): Promise<'taken' | 'gone'>
}

/** By the channel of the device. A channel without its keys is absent. */
export type Pushers = { readonly [Channel in Device['channel']]?: Pusher }
