// Loaded by `--import` before a program of a drill: the wall clock is as many milliseconds off as a file says, as if
// somebody had set the clock of the machine. The program itself knows nothing of it.
import { readFileSync } from 'node:fs'

const look_ms = 20
const path = process.env.KILAT_DRILL_CLOCK ?? ''
const now = Date.now.bind(Date)
let off_ms = 0

function look(): void {
  try {
    off_ms = Number(readFileSync(path, 'utf8')) || 0
  } catch {
    // It is just being replaced.
  }
}

look()
setInterval(look, look_ms).unref()
Date.now = () => now() + off_ms
globalThis.Date = new Proxy(Date, {
  construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, as),
  apply: (target) => new target(Date.now()).toString(),
})
