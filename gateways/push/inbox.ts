// Notices for people: kept once under the name of their effect, then pushed to every device until its service has it.
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import {
  type Device,
  devices,
  type Notification,
  notifications,
  type Preferences,
  preferences,
  pushes,
} from '../../protocols/notice_tables.ts'
import type { Rows } from '../../protocols/rows.ts'
import type { Inbox, Notice, Offer } from '../effects.ts'
import { derivedId } from '../http/command_id.ts'
import type { Pushers } from './pusher.ts'
import { languageOf, wordsOf } from './templates.ts'

interface Parts {
  readonly rows: Rows
  readonly env: Env
  readonly pushers: Pushers
}

/** What somebody who never said anything wants: everything, at any hour. */
export const preferencesOf = async (rows: Rows, user_id: string): Promise<Preferences> => {
  const [known] = await rows.find(preferences, { where: { id: user_id }, order: [], limit: 1 })
  return (
    known ?? {
      id: user_id,
      enable_push: true,
      enable_sms: true,
      enable_email: true,
      quiet_hours_start: '',
      quiet_hours_end: '',
      language: '',
      updated_at: 0,
    }
  )
}

/** Whether pushes rest now: from start to end in Malaysian time, over midnight too. */
export function isQuiet({ quiet_hours_start, quiet_hours_end }: Preferences, now_ms: number): boolean {
  if (quiet_hours_start === '' || quiet_hours_end === '') return false
  const minute = (Math.floor(now_ms / 60_000) + kuala_lumpur_min) % day_min
  const [start, end] = [minuteOf(quiet_hours_start), minuteOf(quiet_hours_end)]
  return start <= end ? minute >= start && minute < end : minute >= start || minute < end
}

const kuala_lumpur_min = 8 * 60
const day_min = 24 * 60
const minuteOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

export function openInbox({ rows, env, pushers }: Parts): Inbox {
  const can_push = Object.keys(pushers).length > 0
  const add = async (notice: Notice, attempt: number) => {
    const kept = rowOf(notice)
    const is_new = await rows.add(notifications, kept)
    if (can_push && (is_new || !(await reachedAll(rows, kept.id))))
      await new Delivery({ rows, env, pushers }, kept).run(attempt)
  }
  return {
    add,
    async offer({ effect_id, booking_id, runner_ids, at_ms }: Offer, attempt) {
      if (!can_push || runner_ids.length === 0) return
      const nearest = runner_ids.slice(0, limits.offered_runners_max)
      const limit = limits.offered_runners_max * limits.devices_per_user_max
      const found = await rows.find(devices, { where: { user_id: { any_of: nearest } }, order: [], limit })
      for (const user_id of new Set(found.map((device) => device.user_id))) {
        const effect = `${effect_id}:${user_id}`
        await add({ effect_id: effect, user_id, template: 'job_offered', booking_id, at_ms }, attempt)
      }
    },
  }
}

/** Every device that the notice was meant for has it. */
async function reachedAll(rows: Rows, id: string): Promise<boolean> {
  const [known] = await rows.find(notifications, { where: { id }, order: [], limit: 1 })
  return known !== undefined && known.channels_sent.length > 0 && known.channels_failed.length === 0
}

const rowOf = ({ effect_id, user_id, booking_id, template, at_ms, metadata = {} }: Notice): Notification => ({
  id: derivedId('notice', effect_id),
  user_id,
  booking_id,
  event_type: template,
  status: 'sent',
  channels_sent: [],
  channels_failed: [],
  metadata,
  read_at: null,
  created_at: at_ms,
  updated_at: at_ms,
})

/** One notice on its way to the devices of its reader. */
class Delivery {
  readonly #parts: Parts
  readonly #notice: Notification
  readonly #sent = new Set<string>()
  readonly #failed = new Set<string>()

  constructor(parts: Parts, notice: Notification) {
    this.#parts = parts
    this.#notice = notice
  }

  /** Rejects with a Fault when a device should be tried again. */
  async run(attempt: number): Promise<void> {
    const { rows, env } = this.#parts
    const { user_id, id } = this.#notice
    const known = await rows.find(devices, {
      where: { user_id },
      order: [],
      limit: limits.devices_per_user_max,
    })
    if (known.length === 0) return
    const wishes = await preferencesOf(rows, user_id)
    if (!wishes.enable_push || isQuiet(wishes, env.now_ms())) return
    const done = await rows.find(pushes, {
      where: { id: { any_of: known.map((device) => this.#pushId(device)) } },
      order: [],
      limit: known.length,
    })
    const done_ids = new Set(done.map((push) => push.id))
    for (const device of known)
      if (done_ids.has(this.#pushId(device))) this.#sent.add(device.channel)
      else await this.#push(device, languageOf(wishes.language, ''))
    await rows.change(notifications, { id }, this.#outcome())
    if (this.#failed.size === 0) await rows.remove(pushes, { notice_id: id })
    else if (attempt < limits.push_tries_max)
      throw new Fault('a notice did not reach every device', { retry: true })
  }

  #pushId(device: Device): string {
    return derivedId('push', this.#notice.id, device.id)
  }

  async #push(device: Device, language: 'en' | 'ms'): Promise<void> {
    const { rows, env, pushers } = this.#parts
    const { id: notice_id, event_type, metadata, booking_id } = this.#notice
    const pusher = pushers[device.channel]
    if (!pusher) return
    const words = wordsOf(event_type, language, metadata)
    try {
      const outcome = await pusher.push(device, {
        ...words,
        notification_id: notice_id,
        booking_id: booking_id ?? '',
      })
      if (outcome === 'gone') await rows.remove(devices, { id: device.id, token: device.token })
      else {
        await rows.add(pushes, { id: this.#pushId(device), notice_id, pushed_at: env.now_ms() })
        this.#sent.add(device.channel)
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      env.log('warn', 'a push did not get through', { channel: device.channel, fault: error.message })
      this.#failed.add(device.channel)
    }
  }

  #outcome(): Partial<Notification> {
    const failed = this.#failed.size > 0
    const status = failed ? (this.#sent.size > 0 ? 'partially_sent' : 'failed') : 'sent'
    return { status, channels_sent: [...this.#sent], channels_failed: [...this.#failed] }
  }
}
