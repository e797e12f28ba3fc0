import type { Message } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import { type ChatMessage, chat_messages } from '../../protocols/tables.ts'
import { bookingOf, type Parties } from '../participants.ts'
import { pageOf } from './query.ts'
import { addOnce, recordId } from './records.ts'
import { created, paged } from './reply.ts'
import type { Endpoint, HttpDoors } from './request.ts'
import { bodyOf } from './shapes.ts'
import { timeOf } from './times.ts'

export const chatEndpoints = {
  /** Kept, shown at once to those who watch the booking's feed, and told to the other party. `chat.full`. */
  sendChat: async (request, doors) => {
    const wanted = bodyOf('sendChat', request.body)
    if (isRefusal(wanted)) return wanted
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const where = { booking_id: booking.id }
    if ((await doors.rows.count(chat_messages, where)) >= limits.chat_messages_max)
      return reject('chat.full', `at most ${limits.chat_messages_max} messages`)
    const { id: sender_id, role: sender_role } = request.by
    const id = recordId(request, doors.env)
    const message = { id, ...where, sender_id, sender_role, ...wanted, created_at: doors.env.now_ms() }
    const kept = await addOnce(doors.rows, chat_messages, message)
    if (kept === message) pass(message, booking, doors)
    return created(messageView(kept))
  },

  /** Oldest first. */
  chat: async (request, doors) => {
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const { page, limit } = pageOf(request.query, limits.chat_page_default)
    const where = { booking_id: booking.id }
    const [items, total] = await Promise.all([
      doors.rows.find(chat_messages, {
        where,
        order: [
          ['created_at', 'up'],
          ['id', 'up'],
        ],
        limit,
        offset: (page - 1) * limit,
      }),
      doors.rows.count(chat_messages, where),
    ])
    return paged({ items: items.map(messageView), total }, page, limit)
  },
} satisfies Record<string, Endpoint>

/** The message is kept already: whoever misses this finds it when he reads the chat. */
function pass(message: ChatMessage, { id, owner_id, runner_id }: Parties, { host, inbox, env }: HttpDoors) {
  const { id: message_id, content, created_at: at_ms, booking_id: _booking, ...rest } = message
  const shown: Message = {
    type: 'chat.message',
    ...{ message_id, content, ...rest, created_at: timeOf(at_ms), at_ms },
  }
  host.show({ actor: 'booking', id }, shown)
  for (const user_id of [owner_id, runner_id])
    if (user_id !== null && user_id !== '' && user_id !== message.sender_id)
      inbox
        .add(
          {
            effect_id: `chat:${message_id}:${user_id}`,
            user_id,
            template: 'chat_message',
            booking_id: id,
            at_ms,
            metadata: { content: message.message_type === 'image' ? '📷' : content.slice(0, 200) },
          },
          limits.push_tries_max,
        )
        .catch((error: unknown) =>
          env.log('warn', 'nobody was told of a chat message', { booking_id: id, error: String(error) }),
        )
}

const messageView = (message: ChatMessage) => ({ ...message, created_at: timeOf(message.created_at) })
