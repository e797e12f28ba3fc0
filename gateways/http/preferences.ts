// What a user wants to be told, and the devices on which.
import { limits } from '../../protocols/limits.ts'
import { type Device, devices, type Preferences, preferences } from '../../protocols/notice_tables.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { preferencesOf } from '../push/inbox.ts'
import { isPushService } from '../push/web_push.ts'
import { acknowledged, ok, type Reply } from './reply.ts'
import type { Endpoint, HttpDoors } from './request.ts'
import { bodyOf } from './shapes.ts'

export const preferenceEndpoints = {
  /** Everything on, until something else was chosen. */
  preferences: async ({ by }, { rows, accounts }) => {
    const { id: user_id, updated_at: _at, ...wishes } = await preferencesOf(rows, by.id)
    const account = await accounts.byId(by.id)
    const phone_number = account?.phone ?? ''
    return ok({ user_id, ...wishes, fcm_token: '', phone_number, email: account?.email ?? '' })
  },

  updatePreferences: async ({ body, by }, { rows, env }) => {
    const wanted = bodyOf('updatePreferences', body)
    if (isRefusal(wanted)) return wanted
    const wishes: Preferences = {
      ...(await preferencesOf(rows, by.id)),
      ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
      updated_at: env.now_ms(),
    }
    if (!(await rows.add(preferences, wishes))) await rows.change(preferences, { id: by.id }, wishes)
    return acknowledged('preferences updated')
  },

  addFcmToken: async ({ body, by }, doors) => {
    const wanted = bodyOf('fcmToken', body)
    if (isRefusal(wanted)) return wanted
    return register({ channel: 'fcm', token: wanted.token, p256dh: '', auth: '' }, by.id, doors)
  },

  /** A phone's token, or a browser's subscription: `device.refused` when its endpoint is no push service we know. */
  addDevice: async ({ body, by }, doors) => {
    const wanted = bodyOf('deviceToken', body)
    if (isRefusal(wanted)) return wanted
    const { token, keys } = wanted
    if (keys && !isPushService(token, doors.config.web_push_hosts))
      return reject('device.refused', 'its endpoint belongs to no push service that is known here')
    const channel = keys ? 'web' : 'fcm'
    return register({ channel, token, p256dh: '', auth: '', ...keys }, by.id, doors)
  },

  /** What a browser needs to subscribe; '' when the deployment sends no web pushes. */
  vapidKey: async (_request, { config }) => ok({ public_key: config.vapid_public_key ?? '' }),
} satisfies Record<string, Endpoint>

/** A device belongs to who used it last; of more devices than one account holds the oldest are forgotten. */
async function register(
  device: Omit<Device, 'id' | 'user_id' | 'created_at'>,
  user_id: string,
  { rows, env }: HttpDoors,
): Promise<Reply | Rejection> {
  const row = { ...device, user_id, created_at: env.now_ms() }
  if (!(await rows.add(devices, { ...row, id: env.uuid() })))
    await rows.change(devices, { token: device.token }, row)
  const order = [['created_at', 'down']] as const
  const offset = limits.devices_per_user_max
  const surplus = await rows.find(devices, { where: { user_id }, order, limit: offset, offset })
  if (surplus.length > 0) await rows.remove(devices, { id: { any_of: surplus.map(({ id }) => id) } })
  return acknowledged('device registered')
}
