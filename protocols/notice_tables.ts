/** The inbox, what its reader wants to be told and how, and the devices that are told. */
import type { Table } from './rows.ts'

/** A notice as it is kept. Its words come from its template when it is read, in the reader's language. */
export interface Notification {
  readonly id: string
  readonly user_id: string
  readonly booking_id: string | null
  /** A name of the table of templates. */
  readonly event_type: string
  readonly status: 'sent' | 'partially_sent' | 'failed'
  readonly channels_sent: readonly string[]
  readonly channels_failed: readonly string[]
  readonly metadata: object
  readonly read_at: number | null
  readonly created_at: number
  readonly updated_at: number
}

export const notifications: Table<Notification> = {
  name: 'notifications',
  columns: {
    id: 'uuid',
    user_id: 'uuid',
    booking_id: 'uuid',
    event_type: 'text',
    status: 'text',
    channels_sent: 'json',
    channels_failed: 'json',
    metadata: 'json',
    read_at: 'time',
    created_at: 'time',
    updated_at: 'time',
  },
}

/** The id is the user's. Quiet hours are `HH:MM` in Malaysian time, or '' for none; '' as language means not chosen. */
export interface Preferences {
  readonly id: string
  readonly enable_push: boolean
  readonly enable_sms: boolean
  readonly enable_email: boolean
  readonly quiet_hours_start: string
  readonly quiet_hours_end: string
  readonly language: 'en' | 'ms' | ''
  readonly updated_at: number
}

export const preferences: Table<Preferences> = {
  name: 'notification_preferences',
  columns: {
    id: 'uuid',
    enable_push: 'boolean',
    enable_sms: 'boolean',
    enable_email: 'boolean',
    quiet_hours_start: 'text',
    quiet_hours_end: 'text',
    language: 'text',
    updated_at: 'time',
  },
}

/** Where a push goes: an FCM registration token, or the endpoint of a browser's subscription with its two keys. */
export interface Device {
  readonly id: string
  readonly user_id: string
  readonly channel: 'fcm' | 'web'
  readonly token: string
  readonly p256dh: string
  readonly auth: string
  readonly created_at: number
}

export const devices: Table<Device> = {
  name: 'device_tokens',
  columns: {
    id: 'uuid',
    user_id: 'uuid',
    channel: 'text',
    token: 'text',
    p256dh: 'text',
    auth: 'text',
    created_at: 'time',
  },
  unique: [['token']],
}

/** A push that a device's service has taken: a repeat of its notice leaves this device alone. The id is of both. */
export interface Pushed {
  readonly id: string
  readonly notice_id: string
  readonly pushed_at: number
}

export const pushes: Table<Pushed> = {
  name: 'pushes',
  columns: { id: 'uuid', notice_id: 'uuid', pushed_at: 'time' },
}
