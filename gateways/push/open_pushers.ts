import type { Env } from '../../engine/env.ts'
import type { Config } from '../config.ts'
import { fcmPusher } from './fcm.ts'
import type { Pushers } from './pusher.ts'
import { webPusher } from './web_push.ts'

type Keys = Pick<Config, 'vapid_public_key' | 'vapid_private_key' | 'vapid_subject' | 'fcm_service_account'>

/** The channels whose keys the deployment has. Rejects when a key is none, so that a start with it fails. */
export async function openPushers(keys: Keys, env: Env): Promise<Pushers> {
  const { vapid_public_key: public_key, vapid_private_key: private_key, vapid_subject: subject } = keys
  const web = public_key && private_key ? webPusher({ public_key, private_key, subject }) : undefined
  const fcm = keys.fcm_service_account ? await fcmPusher(keys.fcm_service_account, env) : undefined
  return { ...(web ? { web } : {}), ...(fcm ? { fcm } : {}) }
}
