/** What every host promises, wherever the actor lives: this thread, another thread, later another node. */
import { expect, test } from 'vitest'
import type { SteppedEnv } from './clock.ts'
import { idAt, isSettled, somebody, until } from './counter.given.ts'
import type { ShardHost, Shown } from './host.ts'

export interface HostUnderTest {
  readonly env: SteppedEnv
  readonly host: ShardHost
  /** An actor that the host reaches in the way that is under test. */
  readonly id: string
  /** Appends hang from now on, until the returned function is called. */
  holdJournal(): () => void
  close(): Promise<void>
}

const to = (id: string) => ({ actor: 'counter', id })

const command = (under: HostUnderTest, add: number, id = under.env.uuid()) => ({
  id,
  to: to(under.id),
  command: { type: 'counter.add', add },
  by: somebody,
  deadline_ms: under.env.now_ms() + 10_000,
  lane: 'command' as const,
})
const question = (under: HostUnderTest, type = 'counter.view') => ({
  to: to(under.id),
  query: { type },
  by: somebody,
  deadline_ms: under.env.now_ms() + 10_000,
})

export function hostContract(name: string, open: () => Promise<HostUnderTest>): void {
  const shows = (title: string, body: (under: HostUnderTest) => Promise<void>) =>
    test(`${title} (${name})`, async () => {
      const under = await open()
      try {
        await body(under)
      } finally {
        await under.close()
      }
    })

  shows('EN20 a command is answered with the view of the actor and its frame', async (under) => {
    const answer = await until(under.env, under.host.submit(command(under, 3)))
    expect(answer).toMatchObject({ ok: true, n: 1, view: { state: 3 } })
  })

  shows('EN20 a refusal is an answer, not an exception', async (under) => {
    expect(await until(under.env, under.host.submit(command(under, -3)))).toMatchObject({
      ok: false,
      rejection: { rejected: 'booking.wrong_status', detail: 'below zero' },
    })
    expect(await until(under.env, under.host.ask(question(under, 'counter.refused')))).toMatchObject({
      ok: false,
      rejection: { rejected: 'booking.not_yours' },
    })
  })

  shows('EN20 a command waits for the disk, and so does a question behind it', async (under) => {
    const release = under.holdJournal()
    const answer = under.host.submit(command(under, 1))
    await under.env.settle()
    const read = under.host.ask(question(under))
    expect(await isSettled(under.env, Promise.race([answer, read]))).toBe(false)
    release()
    expect(await until(under.env, read)).toMatchObject({ view: { state: 1 } })
  })

  shows('EN20 the same command id is carried out once, however often it is sent', async (under) => {
    const once = command(under, 2, idAt(88))
    const answers = await until(
      under.env,
      Promise.all([once, once, once].map((each) => under.host.submit(each))),
    )
    expect(answers.map((answer) => answer.ok && answer.view)).toEqual([
      { state: 2 },
      { state: 2 },
      { state: 2 },
    ])
  })

  shows('EN20 commands of one sender are carried out in the order in which they were sent', async (under) => {
    const answers = Array.from({ length: 200 }, () => under.host.submit(command(under, 1)))
    const states = (await until(under.env, Promise.all(answers))).map((answer) => answer.ok && answer.view)
    expect(states).toEqual(Array.from({ length: 200 }, (_, index) => ({ state: index + 1 })))
  })

  shows('EN20 signals are acked, and watchers are shown them and the events', async (under) => {
    const shown: Shown[] = []
    const stop = under.host.watch(to(under.id), (each) => shown.push(each))
    await under.env.settle()
    const acked = new Promise((resolve) => {
      under.host.signal({ to: to(under.id), signal: { type: 'counter.ticked' }, by: somebody }, resolve)
    })
    expect(await until(under.env, acked)).toBe(undefined)
    under.host.show(to(under.id), { type: 'counter.hello' })
    await until(under.env, under.host.submit(command(under, 1)))
    await under.env.settle()
    expect(shown.map(({ message }) => message.type)).toEqual([
      'counter.ticked',
      'counter.added',
      'counter.hello',
      'counter.added',
    ])
    stop()
    await under.env.settle()
    await until(under.env, under.host.submit(command(under, 1)))
    expect(shown).toHaveLength(4)
  })
}
