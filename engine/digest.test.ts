import { expect, test } from 'vitest'
import { isClaim } from '../protocols/frame.ts'
import { counter, idAt, somebody, stand, until } from './counter.given.ts'
import { digest_query } from './digest.ts'
import { Fold } from './fold.ts'
import { tipsOf, walk } from './log_walk.ts'

test('OP5 a living actor tells the hash of its state and the event that it rests on, to admins alone', async () => {
  const { env, thread, stores, send } = await stand()
  for (const add of [1, 2, 3]) await until(env, send(idAt(1), { add }))
  const ask = (id: string, role: 'admin' | 'owner') =>
    until(
      env,
      thread.ask({
        to: { actor: 'counter', id },
        query: { type: digest_query },
        by: { id: somebody.id, role },
        deadline_ms: env.now_ms() + 10_000,
      }),
    )
  const fold = new Fold([counter])
  for (const [shard, tip] of (await tipsOf(stores.journal, 2)).entries())
    for await (const { record } of walk(stores.journal, shard, tip))
      if (!isClaim(record)) for (const event of record.events) fold.take(event)
  expect(await ask(idAt(1), 'admin')).toMatchObject({
    ok: true,
    view: { seq: 3, hash: fold.hashOf('counter', idAt(1)), quarantined: '' },
  })
  expect(await ask(idAt(2), 'admin')).toMatchObject({ ok: true, view: { seq: 0 } })
  expect(await ask(idAt(1), 'owner')).toMatchObject({ ok: false, rejection: { rejected: 'auth.role' } })
})
