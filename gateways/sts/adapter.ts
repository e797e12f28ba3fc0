// What oidc-provider keeps, as grants: found by the hash of its id, and sealed under that id.
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import type { Env } from '../../engine/env.ts'
import type { FoundRecord, Grants } from '../../protocols/grants.ts'
import { limits } from '../../protocols/limits.ts'
import { hashOfId, seal, unseal } from '../identity/seal.ts'

/** Sessions are looked up by a second name as well, which opens no seal; without their id they are worth nothing. */
const open_models: ReadonlySet<string> = new Set(['Session'])

/**
 * The memory of one model. Using a token that was used already (two at once, for instance) revokes all of its grant
 * and is refused as `invalid_grant`. Clients are in the configuration, not here.
 */
export function adapterOf(model: string, grants: Grants, env: Env): Adapter {
  const open = open_models.has(model)
  const read = (id: string, { payload, consumed_ms }: FoundRecord): AdapterPayload => ({
    ...(open ? payload : unseal(model, id, String(payload.sealed))),
    jti: id,
    ...(consumed_ms === undefined ? {} : { consumed: Math.floor(consumed_ms / 1_000) }),
  })
  const find = async (id: string) => {
    const found = await grants.find(model, hashOfId(id), env.now_ms())
    return found && read(id, found)
  }
  return {
    async upsert(id, { jti: _, ...payload }, expires_in = limits.sts_session_seconds) {
      await grants.put({
        model,
        hash: hashOfId(id),
        grant_hash: payload.grantId === undefined ? undefined : hashOfId(payload.grantId),
        uid: open ? payload.uid : undefined,
        account_id: payload.accountId ?? payload.session?.accountId,
        payload: open ? payload : { sealed: seal(model, id, payload) },
        expires_ms: env.now_ms() + expires_in * 1_000,
      })
    },

    find,

    async findByUid(uid) {
      const found = await grants.findByUid(model, uid, env.now_ms())
      return found && { ...found.payload }
    },

    async findByUserCode() {},

    async consume(id) {
      if (await grants.consume(model, hashOfId(id), env.now_ms())) return
      const grant_id = (await find(id))?.grantId
      if (grant_id !== undefined) {
        await grants.revokeGrant(hashOfId(grant_id))
        await grants.remove('Grant', hashOfId(grant_id))
      }
      throw new errors.InvalidGrant('it was already used')
    },

    destroy: (id) => grants.remove(model, hashOfId(id)),
    revokeByGrantId: (grant_id) => grants.revokeGrant(hashOfId(grant_id)),
  }
}
