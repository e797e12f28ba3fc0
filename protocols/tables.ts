/** The records behind the port of `rows.ts`. Times are milliseconds since the epoch; texts are '' rather than absent. */
import type { PetType } from './booking.ts'
import type { Table } from './rows.ts'

export interface Pet {
  readonly id: string
  readonly owner_id: string
  readonly name: string
  readonly pet_type: PetType
  readonly breed: string
  readonly weight_kg: number
  readonly age_months: number
  readonly allergies: string
  readonly special_needs: string
  readonly notes: string
  readonly photo_url: string
  readonly vaccination_status: string
  readonly status: 'active' | 'archived'
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

export const pets: Table<Pet> = {
  name: 'pets',
  columns: {
    id: 'uuid',
    owner_id: 'uuid',
    name: 'text',
    pet_type: 'text',
    breed: 'text',
    weight_kg: 'number',
    age_months: 'integer',
    allergies: 'text',
    special_needs: 'text',
    notes: 'text',
    photo_url: 'text',
    vaccination_status: 'text',
    status: 'text',
    version: 'integer',
    created_at: 'time',
    updated_at: 'time',
  },
}

export interface Photo {
  readonly id: string
  readonly booking_id: string
  readonly runner_id: string
  readonly photo_type: 'pickup' | 'delivery'
  readonly photo_url: string
  readonly caption: string
  readonly taken_at: number
  readonly created_at: number
}

export const photos: Table<Photo> = {
  name: 'booking_photos',
  columns: {
    id: 'uuid',
    booking_id: 'uuid',
    runner_id: 'uuid',
    photo_type: 'text',
    photo_url: 'text',
    caption: 'text',
    taken_at: 'time',
    created_at: 'time',
  },
}

export interface Shop {
  readonly id: string
  /** Null: it came with the installation. */
  readonly owner_id: string | null
  readonly name: string
  readonly address: string
  readonly latitude: number
  readonly longitude: number
  readonly phone: string
  readonly email: string
  readonly category: 'grooming' | 'vet' | 'boarding' | 'pet_store'
  readonly services: readonly string[]
  readonly rating: number
  readonly image_url: string
  readonly opening_hours: string
  readonly description: string
  readonly created_at: number
  readonly updated_at: number
}

export const shops: Table<Shop> = {
  name: 'pet_shops',
  columns: {
    id: 'uuid',
    owner_id: 'uuid',
    name: 'text',
    address: 'text',
    latitude: 'number',
    longitude: 'number',
    phone: 'text',
    email: 'text',
    category: 'text',
    services: 'json',
    rating: 'number',
    image_url: 'text',
    opening_hours: 'text',
    description: 'text',
    created_at: 'time',
    updated_at: 'time',
  },
}

export interface ChatMessage {
  readonly id: string
  readonly booking_id: string
  readonly sender_id: string
  readonly sender_role: string
  readonly message_type: 'text' | 'image' | 'quick_reply'
  readonly content: string
  readonly created_at: number
}

export const chat_messages: Table<ChatMessage> = {
  name: 'chat_messages',
  columns: {
    id: 'uuid',
    booking_id: 'uuid',
    sender_id: 'uuid',
    sender_role: 'text',
    message_type: 'text',
    content: 'text',
    created_at: 'time',
  },
}

/** A link to a trip for people without an account. Only the SHA-256 of its token is kept, in hex. */
export interface SharedTrip {
  readonly id: string
  readonly booking_id: string
  readonly shared_by: string
  readonly token_hash: string
  readonly expires_at: number
  readonly created_at: number
}

export const shared_trips: Table<SharedTrip> = {
  name: 'shared_trips',
  columns: {
    id: 'uuid',
    booking_id: 'uuid',
    shared_by: 'uuid',
    token_hash: 'text',
    expires_at: 'time',
    created_at: 'time',
  },
  unique: [['token_hash']],
}

/** Projected from the log: read here, never written. */
export interface StatusChange {
  readonly id: string
  readonly booking_id: string
  readonly from_status: string
  readonly to_status: string
  readonly changed_by: string
  readonly changed_by_role: string
  readonly reason: string
  readonly frame_shard: number
  readonly frame_n: number
  readonly log_seq: number
  readonly event_id: string
  readonly created_at: number
}

export const status_changes: Table<StatusChange> = {
  name: 'booking_status_history',
  columns: {
    id: 'uuid',
    booking_id: 'uuid',
    from_status: 'text',
    to_status: 'text',
    changed_by: 'text',
    changed_by_role: 'text',
    reason: 'text',
    frame_shard: 'integer',
    frame_n: 'integer',
    log_seq: 'integer',
    event_id: 'text',
    created_at: 'time',
  },
}

/** Projected from the log: only how many there are is asked here. */
export const booking_counts: Table<{ readonly id: string; readonly status: string }> = {
  name: 'bookings',
  columns: { id: 'uuid', status: 'text' },
}
