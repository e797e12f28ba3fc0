/** What a notice says, in English and Malay, and what the apps call it. Words are made when it is read or sent. */
import type { Effect } from '../../protocols/effects.ts'

export type Language = 'en' | 'ms'
/** What actors tell people, and what the doors do. */
export type Template =
  | Extract<Effect, { type: 'push.send' }>['data']['template']
  | 'chat_message'
  | 'job_offered'

type Words = readonly [title: string, body: string]
interface Row {
  /** As the catalogue of events has it. */
  readonly event: string
  /** The word by which an app chooses the screen that it opens. */
  readonly type: string
  readonly en: Words
  readonly ms: Words
}

/** `{name}` stands for a value of the notice's metadata. */
// biome-ignore format: a table reads better as one
const templates: Readonly<Record<Template, Row>> = {
  runner_assigned: { event: 'booking.accepted',           type: 'runner_assigned',        en: ['A runner is on the way', 'Your booking has been accepted.'],                            ms: ['Runner dalam perjalanan', 'Tempahan anda telah diterima.'] },
  runner_declined: { event: 'booking.declined',           type: 'booking_status_changed', en: ['Looking for another runner', 'Your runner had to give the booking back.'],              ms: ['Mencari runner lain', 'Runner anda terpaksa melepaskan tempahan ini.'] },
  pet_picked_up:   { event: 'booking.pet_picked_up',      type: 'booking_status_changed', en: ['Picked up', 'Your pet is on its way.'],                                                 ms: ['Telah diambil', 'Haiwan kesayangan anda dalam perjalanan.'] },
  delivered:       { event: 'booking.delivery_confirmed', type: 'booking_status_changed', en: ['Delivered', 'Your pet has arrived. Please confirm the delivery.'],                      ms: ['Telah dihantar', 'Haiwan kesayangan anda telah tiba. Sila sahkan penghantaran.'] },
  completed:       { event: 'booking.completed',          type: 'booking.completed',      en: ['Completed', 'The booking is complete.'],                                                ms: ['Selesai', 'Tempahan telah selesai.'] },
  cancelled:       { event: 'booking.cancelled',          type: 'booking.cancelled',      en: ['Cancelled', 'The booking has been cancelled.'],                                         ms: ['Dibatalkan', 'Tempahan telah dibatalkan.'] },
  payment_needed:   { event: 'payment.escrow_created',  type: 'payment.failed',      en: ['Payment needed', 'Please complete the payment of your booking.'],                              ms: ['Bayaran diperlukan', 'Sila lengkapkan bayaran untuk tempahan anda.'] },
  payment_held:     { event: 'payment.escrow_held',     type: 'payment.escrow_held', en: ['Payment held', 'Your payment is held until your pet has arrived.'],                           ms: ['Bayaran dipegang', 'Bayaran anda dipegang sehingga haiwan kesayangan anda tiba.'] },
  payment_failed:   { event: 'payment.failed',          type: 'payment.failed',      en: ['Payment failed', 'The payment did not go through. Please try again.'],                        ms: ['Bayaran gagal', 'Bayaran tidak berjaya. Sila cuba lagi.'] },
  payment_released: { event: 'payment.escrow_released', type: 'payment.escrow_held', en: ['Payment released', 'The payment for your trip has been released to you.'],                    ms: ['Bayaran dilepaskan', 'Bayaran untuk perjalanan anda telah dilepaskan kepada anda.'] },
  payment_refunded: { event: 'payment.escrow_refunded', type: 'payment.failed',      en: ['Payment returned', 'Your payment has been returned.'],                                        ms: ['Bayaran dipulangkan', 'Bayaran anda telah dipulangkan.'] },
  hold_expiring:    { event: 'payment.escrow_held',     type: 'payment.escrow_held', en: ['Payment about to lapse', 'The held payment lapses soon. Please complete the booking.'],       ms: ['Bayaran akan luput', 'Bayaran yang dipegang akan luput tidak lama lagi. Sila lengkapkan tempahan.'] },
  chat_message:    { event: 'chat.message',               type: 'chat_message',           en: ['New message', '{content}'],                                                            ms: ['Mesej baharu', '{content}'] },
  job_offered:     { event: 'booking.requested',          type: 'booking_status_changed', en: ['A new job near you', 'A pet is waiting to be picked up close by.'],                    ms: ['Tugasan baharu berdekatan', 'Seekor haiwan menunggu untuk diambil berdekatan anda.'] },
}

export interface Worded {
  readonly event_type: string
  readonly type: string
  readonly title: string
  readonly body: string
}

/** A notice in words. A template of an earlier time that is gone is told by its own name. */
export function wordsOf(template: string, language: Language, metadata: object): Worded {
  const row = Object.hasOwn(templates, template) ? templates[template as Template] : undefined
  if (!row) return { event_type: template, type: template, title: 'Kilat', body: template }
  const values = metadata as Readonly<Record<string, unknown>>
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ''))
  const [title, body] = row[language]
  return { event_type: row.event, type: row.type, title: filled(title), body: filled(body) }
}

/** Malay when it is what the reader chose, or what his device asks for first. */
export function languageOf(chosen: string, accepted: string): Language {
  if (chosen === 'ms' || chosen === 'en') return chosen
  return /^\s*ms\b/i.test(accepted) ? 'ms' : 'en'
}
