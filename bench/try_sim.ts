import { Senses } from '../engine/senses.ts'
import { type FaultName, planOf } from './simulation/plan.ts'
import { simulate } from './simulation/simulation.ts'

const dbg = process.env.FIX
if (dbg) {
  const take = Senses.prototype.take
  Senses.prototype.take = function (activation, note, done) {
    const t = JSON.stringify(note.signal)
    const hit = t.includes(dbg.split(':')[0]!) && t.includes('"seq":' + dbg.split(':')[1])
    if (hit)
      console.log(
        'TAKE',
        note.to,
        t.slice(0, 300),
        JSON.stringify((activation.state as any).bookings),
        (activation.state as any).status,
        (activation.state as any).runner_id,
      )
    take.call(this, activation, note, (r) => {
      if (hit) console.log('DONE', note.to.actor, r)
      done(r)
    })
  }
}
const from = Number(process.argv[2] ?? 1),
  to = Number(process.argv[3] ?? from)
let steps = 0,
  t0 = performance.now(),
  bad = 0
for (let seed = from; seed <= to; seed++) {
  const t = performance.now()
  const outcome = await simulate({
    ...planOf(seed, 1),
    ...(process.argv[4]
      ? { faults: process.argv[4] === '-' ? [] : (process.argv[4].split(',') as FaultName[]) }
      : {}),
  })
  steps += outcome.steps
  const ms = performance.now() - t
  if (outcome.breaches.length) bad++
  console.log(
    seed,
    outcome.trace,
    outcome.steps,
    (outcome.virtual_ms / 1000).toFixed(0) + 's',
    ms.toFixed(0) + 'ms',
    (((outcome.steps / ms) * 60000) / 1e6).toFixed(2) + ' M/min',
    outcome.frames,
    outcome.plan.faults.join(),
    outcome.breaches.slice(0, 3),
  )
  if (process.env.LINES)
    for (const l of outcome.lines.slice(-Number(process.env.LINES)))
      console.log(l.at_ms.toFixed(2), l.life, l.level, l.what, JSON.stringify(l.fields))
}
console.log(bad, 'bad', (((steps / (performance.now() - t0)) * 60000) / 1e6).toFixed(2), 'M/min')
process.exit(0)
