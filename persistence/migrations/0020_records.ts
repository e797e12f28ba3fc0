import type { MigrationBuilder } from 'node-pg-migrate'

/** Records of people and shops. Rows are the truth here; the doors check lengths. Seven shops come with it. */
export const up = (schema: MigrationBuilder): void => schema.sql(tables + notices + offers + shops)
export const down = false

const tables = `
  CREATE TABLE pets (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    name text NOT NULL,
    pet_type text NOT NULL,
    breed text NOT NULL,
    weight_kg double precision NOT NULL,
    age_months bigint NOT NULL,
    allergies text NOT NULL,
    special_needs text NOT NULL,
    notes text NOT NULL,
    photo_url text NOT NULL,
    vaccination_status text NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  );
  CREATE INDEX pets_owner ON pets (owner_id, created_at DESC);

  CREATE TABLE booking_photos (
    id uuid PRIMARY KEY,
    booking_id uuid NOT NULL,
    runner_id uuid NOT NULL,
    photo_type text NOT NULL,
    photo_url text NOT NULL,
    caption text NOT NULL,
    taken_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX booking_photos_booking ON booking_photos (booking_id, created_at);

  CREATE TABLE pet_shops (
    id uuid PRIMARY KEY,
    owner_id uuid,
    name text NOT NULL,
    address text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    phone text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    category text NOT NULL,
    services jsonb NOT NULL DEFAULT '[]',
    rating double precision NOT NULL DEFAULT 0,
    image_url text NOT NULL DEFAULT '',
    opening_hours text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX pet_shops_owner ON pet_shops (owner_id);
  CREATE INDEX pet_shops_category ON pet_shops (category, rating DESC);
  CREATE INDEX pet_shops_place ON pet_shops (latitude, longitude);

  CREATE TABLE chat_messages (
    id uuid PRIMARY KEY,
    booking_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    sender_role text NOT NULL,
    message_type text NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX chat_messages_booking ON chat_messages (booking_id, created_at, id);

  CREATE TABLE shared_trips (
    id uuid PRIMARY KEY,
    booking_id uuid NOT NULL,
    shared_by uuid NOT NULL,
    token_hash text NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX shared_trips_booking ON shared_trips (booking_id);
`

const notices = `
  ALTER TABLE notifications
    ALTER COLUMN title SET DEFAULT '',
    ALTER COLUMN body SET DEFAULT '',
    ADD COLUMN channels_sent jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN channels_failed jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
  DROP INDEX notifications_user;
  CREATE INDEX notifications_user ON notifications (user_id, created_at DESC, id DESC);

  CREATE TABLE notification_preferences (
    id uuid PRIMARY KEY,
    enable_push boolean NOT NULL,
    enable_sms boolean NOT NULL,
    enable_email boolean NOT NULL,
    quiet_hours_start text NOT NULL,
    quiet_hours_end text NOT NULL,
    language text NOT NULL,
    updated_at timestamptz NOT NULL
  );

  CREATE TABLE device_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    channel text NOT NULL,
    token text NOT NULL UNIQUE,
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX device_tokens_user ON device_tokens (user_id, created_at);

  CREATE TABLE pushes (
    id uuid PRIMARY KEY,
    notice_id uuid NOT NULL,
    pushed_at timestamptz NOT NULL
  );
  CREATE INDEX pushes_notice ON pushes (notice_id);
`

const offers = `
  CREATE TABLE promos (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    discount_type text NOT NULL,
    discount_value bigint NOT NULL,
    min_amount_cents bigint NOT NULL,
    max_discount_cents bigint NOT NULL,
    max_uses bigint NOT NULL,
    current_uses bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX promos_valid ON promos (valid_until);

  CREATE TABLE subscriptions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    plan text NOT NULL,
    price_cents bigint NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status text NOT NULL,
    active_key uuid NOT NULL UNIQUE,
    auto_renew boolean NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX subscriptions_user ON subscriptions (user_id, created_at DESC);

  CREATE TABLE user_referral_codes (id uuid PRIMARY KEY, code text NOT NULL UNIQUE);

  CREATE TABLE referrals (
    id uuid PRIMARY KEY,
    referrer_id uuid NOT NULL,
    referee_id uuid NOT NULL UNIQUE,
    reward_amount_cents bigint NOT NULL,
    referrer_credited boolean NOT NULL,
    referee_credited boolean NOT NULL,
    created_at timestamptz NOT NULL
  );
  CREATE INDEX referrals_referrer ON referrals (referrer_id, created_at DESC);

  CREATE TABLE runner_applications (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    name text NOT NULL,
    phone text NOT NULL,
    ic_number text NOT NULL UNIQUE,
    plate_number text NOT NULL,
    vehicle_type text NOT NULL,
    pet_experience jsonb NOT NULL,
    comfortable_with_live_pets boolean NOT NULL,
    status text NOT NULL,
    submitted_at timestamptz NOT NULL
  );
`

/** Invented names and addresses at real places. */
const shops = `
  INSERT INTO pet_shops (id, name, address, latitude, longitude, phone, category, services, rating, opening_hours)
  VALUES
  ('5b000000-0000-4000-8000-000000000001', 'Bulu Bahagia', '12 Jalan Telawi, Bangsar, Kuala Lumpur', 3.1306, 101.6710, '+60322010001', 'grooming', '["bath","full groom","nails"]', 4.7, '10:00-20:00'),
  ('5b000000-0000-4000-8000-000000000002', 'Klinik Haiwan Damai', '8 Jalan SS 2/24, Petaling Jaya', 3.1180, 101.6220, '+60378750002', 'vet', '["check-up","vaccination","surgery"]', 4.8, '09:00-21:00'),
  ('5b000000-0000-4000-8000-000000000003', 'Rumah Ekor', '3 Jalan Kiara, Mont Kiara, Kuala Lumpur', 3.1700, 101.6520, '+60362010003', 'boarding', '["cat boarding","dog boarding"]', 4.5, '08:00-22:00'),
  ('5b000000-0000-4000-8000-000000000004', 'Kedai Kumis', '21 Jalan SS 15/4, Subang Jaya', 3.0770, 101.5870, '+60356330004', 'pet_store', '["food","toys","crates"]', 4.3, '10:00-22:00'),
  ('5b000000-0000-4000-8000-000000000005', 'Pusat Rawatan Paw', '5 Persiaran Sukan, Shah Alam', 3.0790, 101.5270, '+60355190005', 'vet', '["emergency","dental"]', 4.6, '00:00-24:00'),
  ('5b000000-0000-4000-8000-000000000006', 'Salun Sayang', '17 Jalan Kinrara, Puchong', 3.0480, 101.6440, '+60380700006', 'grooming', '["bath","trim"]', 4.2, '10:00-19:00'),
  ('5b000000-0000-4000-8000-000000000007', 'Taska Tompok', '9 Lebuh Ampang, Ampang', 3.1570, 101.7500, '+60342510007', 'boarding', '["day care","boarding"]', 4.4, '07:00-21:00')
  ON CONFLICT DO NOTHING;
`
