// A user's inbox, in the two shapes that the apps read: contract, sections 3.0.3 and 3.6.

import { type Notification, notifications } from '../../protocols/notice_tables.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { preferencesOf } from '../push/inbox.ts'
import { type Language, languageOf, wordsOf } from '../push/templates.ts'
import { cursorLimitOf, strictPageOf } from './query.ts'
import { acknowledged, ok, paged, type Reply } from './reply.ts'
import type { Endpoint, HttpDoors, KnownRequest } from './request.ts'
import { timeOf } from './times.ts'

const newest = [
  ['created_at', 'down'],
  ['id', 'down'],
] as const

export const notificationEndpoints = {
  /** With `page` an array beside its pagination, without it `items` and the cursor of what follows ('' at the end). */
  notifications: async (request, doors) => {
    const language = await languageFor(request, doors)
    return request.query.has('page') ? byPage(request, doors, language) : byCursor(request, doors, language)
  },

  notification: async (request, doors) => {
    const notice = await ownNotice(request, doors)
    return isRefusal(notice) ? notice : ok(fullView(notice, await languageFor(request, doors)))
  },

  /** Read once, it stays read since then. */
  readNotification: async (request, doors) => {
    const notice = await ownNotice(request, doors)
    if (isRefusal(notice)) return notice
    const at = doors.env.now_ms()
    const where = { id: notice.id, read_at: null }
    await doors.rows.change(notifications, where, { read_at: at, updated_at: at })
    return acknowledged('notification marked as read')
  },
} satisfies Record<string, Endpoint>

const languageFor = async ({ by, languages }: KnownRequest, { rows }: HttpDoors): Promise<Language> =>
  languageOf((await preferencesOf(rows, by.id)).language, languages)

async function byPage({ query, by }: KnownRequest, { rows }: HttpDoors, language: Language): Promise<Reply> {
  const { page, limit } = strictPageOf(query)
  const where = { user_id: by.id }
  const [found, total] = await Promise.all([
    rows.find(notifications, { where, order: newest, limit, offset: (page - 1) * limit }),
    rows.count(notifications, where),
  ])
  return paged({ items: found.map((notice) => fullView(notice, language)), total }, page, limit)
}

async function byCursor(
  { query, by }: KnownRequest,
  { rows }: HttpDoors,
  language: Language,
): Promise<Reply | Rejection> {
  const limit = cursorLimitOf(query)
  const text = query.get('cursor') ?? ''
  const after = text === '' ? undefined : placeIn(text)
  if (after === null) return reject('request.malformed', 'the cursor is none of ours')
  const search = { where: { user_id: by.id }, order: newest, limit: limit + 1 }
  const found = await rows.find(notifications, after ? { ...search, after } : search)
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  return ok({
    items: shown.map((notice) => shortView(notice, language)),
    next_cursor: last ? cursorOf(last) : '',
  })
}

/** Unpadded URL-safe base64 of the last row's time and id. */
const cursorOf = ({ created_at, id }: Notification) =>
  Buffer.from(JSON.stringify({ c: created_at, i: id })).toString('base64url')

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function placeIn(cursor: string): readonly [number, string] | null {
  try {
    const { c, i } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Record<string, unknown>
    const is_place = typeof c === 'number' && Math.abs(c) < 8e15 && typeof i === 'string' && uuid.test(i)
    return is_place ? [c, i] : null
  } catch {
    return null
  }
}

/** The notice of the path, when it is the caller's: `notification.not_found`, `notification.not_yours`. */
async function ownNotice(
  { ids: { id = '' }, by }: KnownRequest,
  { rows }: HttpDoors,
): Promise<Notification | Rejection> {
  const [notice] = await rows.find(notifications, { where: { id }, order: [], limit: 1 })
  if (!notice) return reject('notification.not_found', `no notification has the id ${id}`)
  return notice.user_id === by.id ? notice : reject('notification.not_yours', '')
}

const maybeTime = (ms: number | null) => (ms === null ? null : timeOf(ms))

function fullView(notice: Notification, language: Language) {
  return {
    ...notice,
    ...wordsOf(notice.event_type, language, notice.metadata),
    is_read: notice.read_at !== null,
    read_at: maybeTime(notice.read_at),
    created_at: timeOf(notice.created_at),
    updated_at: timeOf(notice.updated_at),
  }
}

function shortView(notice: Notification, language: Language) {
  const { type, title, body } = wordsOf(notice.event_type, language, notice.metadata)
  const { id, created_at, read_at } = notice
  return { id, type, title, body, created_at: timeOf(created_at), read_at: maybeTime(read_at) }
}
