/** What is answered when nothing was refused. A file of shapes: contract, section 1.2. */
import type { Page } from '../../protocols/lists.ts'
import type { Headers } from './origins.ts'

export interface Reply {
  readonly status: number
  /** Sent as JSON, but a text or bytes as they are; nothing at all when absent. */
  readonly body?: object | string
  /** `application/json` when absent. */
  readonly content_type?: string
  readonly headers?: Headers
}

export const ok = (data: object): Reply => ({ status: 200, body: { success: true, data } })
export const created = (data: object): Reply => ({ status: 201, body: { success: true, data } })
export const acknowledged = (message: string): Reply => ok({ message })
/** No envelope around it. */
export const bare = (body: object, content_type = 'application/json', status = 200): Reply => ({
  status,
  body,
  content_type,
})

/** Something that is not JSON. */
export const plain = (body: string | Uint8Array, content_type: string, headers: Headers = []): Reply => ({
  status: 200,
  body,
  content_type,
  headers,
})

/** The shape of most lists: an array beside its `pagination`. */
export const paged = ({ items, total }: Page<object>, page: number, limit: number): Reply => ({
  status: 200,
  body: {
    success: true,
    data: items,
    pagination: { total, page, limit, total_pages: Math.ceil(total / limit) },
  },
})

/** The shape that some clients index by `items`. */
export const itemised = ({ items, total }: Page<object>, page: number, limit: number): Reply =>
  ok({ items, total, page, limit, total_pages: Math.ceil(total / limit) })

/** What a list says that may lack what its reader was told last: it is to be asked again. */
export const behind_header = 'X-Lists-Behind'

/** The same, saying so when the lists have not caught up with its reader. */
export const asOf = (has_caught_up: boolean, reply: Reply): Reply =>
  has_caught_up ? reply : { ...reply, headers: [...(reply.headers ?? []), [behind_header, 'true']] }
