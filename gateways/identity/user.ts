import type { Account } from '../../protocols/accounts.ts'
import { timeOf } from '../http/times.ts'

/** A User as clients know it: contract, section 3.0.1. */
export const userOf = ({
  id,
  email,
  phone,
  full_name,
  role,
  is_verified,
  avatar_url,
  created_ms,
}: Account) => ({
  id,
  email,
  phone,
  full_name,
  role,
  is_verified,
  avatar_url,
  created_at: timeOf(created_ms),
})
