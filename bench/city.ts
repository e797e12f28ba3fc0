// `npm run city -- --runners 2000 --owners 200 --minutes 2 [--seed N] [--url URL] [--json]`: a corridor full of people, and what became of them.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { limits } from '../protocols/limits.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { Auditor } from './city/audit.ts'
import { endpointsOf, withAccounts, withJournal } from './city/backstage.ts'
import { City } from './city/city.ts'
import { Display } from './city/display.ts'
import { add, Ledger, totalOf } from './city/ledger.ts'
import { LogReader } from './city/log.ts'
import { rejectionsSince } from './city/rejections.ts'
import { type CityReport, reportOf, tableOf } from './city/report.ts'

const { values } = parseArgs({
  options: {
    runners: { type: 'string', default: '2000' },
    owners: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    url: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

function positive(name: 'runners' | 'owners' | 'minutes' | 'seed'): number {
  const value = Number(values[name])
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0`)
  return value
}

const config = loadConfig(process.env)
const run = { seed: positive('seed'), runners: positive('runners'), owners: positive('owners') }
const seconds = positive('minutes') * 60
const url = values.url ?? `http://127.0.0.1:${config.port}`
const note = (line: string): void => void process.stderr.write(`${line}\n`)

function progress(city: City, started_ms: number): readonly string[] {
  const { ledger, world, connected } = {
    ledger: city.world.ledger,
    world: city.world,
    connected: city.connected,
  }
  const of = (kind: Parameters<Ledger['kind']>[0]) => ledger.kind(kind).acked
  return [
    `${Math.round((performance.now() - started_ms) / 1_000)} of ${seconds} s`,
    `${connected} phones connected, ${of('go_online')} online`,
    `bookings: ${of('request')} made, ${of('accept')} accepted, ${of('pick_up')} picked up, ${of('deliver')} delivered, ${of('confirm')} confirmed, ${of('cancel')} cancelled`,
    `fixes: ${ledger.fixes_sent} sent, ${ledger.fixes_acked} acked, ${ledger.backlog_fixes} late`,
    `feed: ${ledger.frames} frames, p99 ${Math.round(ledger.feed_us.getValueAtPercentile(99) / 100) / 10} ms, ${ledger.backwards} backwards`,
    `${world.in_flight} waiting, ${totalOf(ledger.expected)} fair refusals, ${totalOf(ledger.errors)} errors`,
  ]
}

/** Lets the city live for its time, and ends it. */
async function live(city: City): Promise<void> {
  const started_ms = performance.now()
  const display = new Display(() => progress(city, started_ms))
  city.begin()
  display.start()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  const is_quiet = await city.close()
  display.stop()
  if (!is_quiet) city.world.ledger.error('some answers never came')
}

/** More people than one address may speak for in a minute would spend the run waiting for the rate limit. */
async function mustBeTrusted(): Promise<void> {
  const { trusted_addresses } = await endpointsOf(config.data_dir)
  const calls_per_person = 2
  if (
    calls_per_person * (run.runners + run.owners) <= limits.rate_gateway_per_min ||
    trusted_addresses.length > 0
  )
    return
  note('The engine limits this address. Start it with TRUSTED_ADDRESSES=127.0.0.1 for a city of this size.')
  process.exit(2)
}

async function main(): Promise<CityReport> {
  await mustBeTrusted()
  const ledger = new Ledger()
  const log = new LogReader(config.shards)
  const auditor = new Auditor(firstPolicy.runner_capacity)
  const started_ms = Date.now()
  await withJournal(config.data_dir, (journal) => log.skip(journal))
  await withAccounts(config, async (accounts, identity) => {
    const options = { ...run, url, accounts, identity, is_clean: false, warm_up_ms: 8_000, note }
    await live(await City.found(options, ledger))
  })
  note('reading the log')
  await withJournal(config.data_dir, async (journal, link) => {
    await log.read(journal, (event) => auditor.take(event))
    for await (const { fix, reason } of rejectionsSince(link, started_ms)) {
      auditor.excuse(fix)
      add(ledger.refused_fixes, reason)
    }
  })
  return reportOf({ ...run, seconds }, ledger, auditor.check(ledger, log.broken))
}

const report = await main()
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else for (const line of tableOf(report)) process.stdout.write(`${line}\n`)
process.exit(report.is_good ? 0 : 1)
