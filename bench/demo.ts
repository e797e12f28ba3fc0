// `npm run demo [-- --fault] [--url URL]`: the journey of a cat, told step by step; with `--fault` what goes wrong on the way.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { endpointsOf } from './city/backstage.ts'
import { type Ending, playAll, scenesOf } from './demo/play.ts'
import { onStage, type Place } from './demo/stage.ts'
import { Stack } from './stack.ts'

const { values } = parseArgs({
  options: { fault: { type: 'boolean', default: false }, url: { type: 'string' } },
})

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function play(place: Place): Promise<readonly Ending[]> {
  return onStage(place, print, async (stage) => {
    const endings = await playAll(stage, scenesOf(values.fault, stage.sandbox_url !== ''))
    print(`\n${stage.told.checks} things were held against the story:`)
    return endings
  })
}

/** At an engine that runs already, on this machine: its data folder tells where its topics are. */
async function guest(url: string): Promise<readonly Ending[]> {
  const { nats_url, stripe_url: sandbox_url = '' } = await endpointsOf(loadConfig(process.env).data_dir)
  return play({ url, nats_url, sandbox_url })
}

/** At an engine of its own, with its own stores, which end with it. */
async function host(): Promise<readonly Ending[]> {
  const stack = await Stack.create({ workers: 2 })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stack.stop().finally(() => process.exit(130)))
  print('starting an engine of its own, with its stores; the first start takes up to half a minute')
  try {
    await stack.start()
    const { nats_url, stripe_url: sandbox_url = '' } = stack.endpoints
    return await play({ url: `http://127.0.0.1:${stack.port}`, nats_url, sandbox_url })
  } finally {
    await stack.stop()
  }
}

const endings = await (values.url === undefined ? host() : guest(values.url.replace(/\/$/, '')))
for (const { title, flaw } of endings)
  print(flaw === undefined ? `  as told    ${title}` : `  NOT as told  ${title}: ${flaw}`)
process.exit(endings.every(({ flaw }) => flaw === undefined) ? 0 : 1)
