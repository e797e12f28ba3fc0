// What living actors are, in hashes: whoever folds the journal up to the same event must come to the same ones.
import { digest_query } from '../../engine/digest.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection } from '../../protocols/rejections.ts'
import { ok } from './reply.ts'
import type { Endpoint } from './request.ts'
import { bodyOf } from './shapes.ts'

export const digestEndpoints = {
  /** Each rests on what is durable: frame `n` of `shard` and those before it. */
  digests: async ({ body, by }, { host, env }) => {
    const wanted = bodyOf('digests', body)
    if (isRefusal(wanted)) return wanted
    const deadline_ms = env.now_ms() + limits.command_deadline_ms
    const told = await Promise.all(
      wanted.of.map(async ({ kind, id }): Promise<object | Rejection> => {
        const to = { actor: kind, id }
        const answer = await host.ask({ to, query: { type: digest_query }, by, deadline_ms })
        return answer.ok ? { kind, id, shard: answer.shard, n: answer.n, ...answer.view } : answer.rejection
      }),
    )
    return told.find((one): one is Rejection => isRefusal(one)) ?? ok(told)
  },
} satisfies Record<string, Endpoint>
