// Every verb of `kilat` in words: what it does, what it takes, examples. Plain JavaScript without dependencies, so that
// help is there before anything is installed. A new verb is a row here and, where an operator's, one in gateways/cli.ts.
import { parseArgs } from 'node:util'

const cli = 'gateways/cli.js'
const text = (value, about) => ({ type: 'string', value, about })
const flag = (about) => ({ type: 'boolean', about })
const json = flag('JSON instead of words')
const crowd = {
  runners: text('N', 'how many runners'),
  owners: text('N', 'how many owners'),
  seed: text('N', 'the same seed makes the same people'),
}
const spell = {
  from: text('TIME', 'not before this time (2026-11-23T08:00:00Z, or milliseconds)'),
  to: text('TIME', 'not after it'),
}

/**
 * `args`: what stands behind the verb, in brackets where it may be left out. `run`: the program, or the step of
 * kilat.mjs. `open`: it takes further options, which it checks itself. `exits`: what else exit code 1 means here.
 */
// biome-ignore format: a table reads better as one
export const verbs = [
  { name: 'start', summary: 'serve, with embedded stores where NATS_URL and DATABASE_URL name none', run: 'bundle/main.js',
    about: 'PORT, NATS_URL, DATABASE_URL and the rest of the settings: .env.example. Ctrl-C drains.',
    examples: ['kilat start', 'PORT=9000 kilat start'] },
  { name: 'prepare', summary: 'bring packages, build and nats-server to this folder, and nothing else', run: 'prepare', examples: ['kilat prepare'] },
  { name: 'build', summary: 'compile, when something has changed', run: 'build', examples: ['kilat build'] },
  { name: 'test', summary: 'types, lint and every test', args: '[FILE...]', run: 'test', open: true,
    about: 'Further words and options go to the test runner.', examples: ['kilat test', 'kilat test actors/booking.test.ts'] },

  { name: 'city', summary: 'a corridor full of runners and owners at a running engine, audited at the end', run: 'bench/city.js',
    options: { ...crowd, minutes: text('N', 'how long'), url: text('URL', 'another engine than the one of this folder'), json },
    exits: 'something was lost or went wrong', examples: ['kilat city --runners 50 --owners 5 --minutes 1'] },
  { name: 'seed', summary: 'accounts and runner profiles in a running engine', run: 'bench/seed.js',
    options: { owners: crowd.owners, runners: crowd.runners, url: text('URL', 'another engine than the one of this folder') },
    examples: ['kilat seed --owners 20 --runners 50'] },
  { name: 'demo', summary: 'a cat’s journey from Johor Bahru to Kuala Lumpur, call by call', run: 'bench/demo.js',
    options: { fault: flag('what goes wrong on the way instead'), url: text('URL', 'at an engine that runs already') },
    exits: 'something was not as the story has it', examples: ['kilat demo', 'kilat demo --fault'] },
  { name: 'day', summary: 'a day of city traffic in one process, its journal folded twice', run: 'bench/day.js',
    options: { hours: text('N', 'how long; 24 without it'), runners: crowd.runners, seed: crowd.seed, bookings: text('N', 'in a day of 24 hours'), json },
    exits: 'an actor has two hashes', examples: ['kilat day', 'kilat day --hours 2 --runners 50'] },
  { name: 'bench', summary: 'measure: all, or those named', args: '[NAME...]', run: 'bench/bench.js', open: true,
    options: { json, rounds: text('N', 'how often'), SIZE: text('N', 'where a bench says which sizes it has') },
    exits: 'a bench failed', examples: ['kilat bench', 'kilat bench commands --json'] },
  { name: 'simulate', summary: 'the whole engine on a virtual clock, under every fault', run: 'bench/simulate.js',
    options: {
      seed: text('N', 'begins with this seed and plays it alone, unless told how long; one by the clock without it'),
      minutes: text('M', 'virtual minutes a seed, half a minute of it for healing; 1 without it'),
      seconds: text('S', 'plays seeds for so long in real time; 60 without a seed'), seeds: text('N', 'plays so many seeds'),
      'until-failure': flag('plays until a seed fails'), repeat: text('SEED', 'plays one seed and says what was logged last'),
      faults: text('LIST', 'with --repeat: these faults, or none'), owners: text('N', 'with --repeat: so many owners'),
      runners: text('N', 'with --repeat: so many runners'), 'virtual-seconds': text('S', 'with --repeat: so long under faults'),
      threads: text('N', 'worlds at once; as many as there are processors without it'),
      differential: flag('holds the simulated JetStream against real nats-servers, alone and as a cluster'),
      rounds: text('N', 'with --differential: so many seeds; 20 without it'), json },
    exits: 'an invariant broke', examples: ['kilat simulate --seed 1 --minutes 1', 'kilat simulate --until-failure', 'kilat simulate --repeat 37 --faults pause,clock'] },
  { name: 'drill', summary: 'real processes, real faults: the drills named, or all', args: '[NAME...]', run: 'bench/drills.js',
    options: { all: flag('every drill'), short: flag('the short form'), rounds: text('N', 'how many rounds'), seed: crowd.seed, json },
    exits: 'something was lost, doubled or wrong', examples: ['kilat drill --all --short', 'kilat drill kill --rounds 3'] },
  { name: 'fuzz', summary: 'random and mutated inputs at every door and codec', run: 'bench/fuzz.js',
    options: { inputs: text('N', 'how many'), seed: text('N', 'the same seed makes the same inputs'), minutes: text('N', 'no new ones after so long'),
      only: text('TARGET', 'one kind of input'), path: text('PATH', 'the very input that failed'), short: flag('the short form'), json },
    exits: 'an input led to what may never be', examples: ['kilat fuzz --inputs 1000000', 'kilat fuzz --only records --seed 7'] },
  { name: 'drill:kill', summary: 'kill -9 of engine, nats-server and database under load', run: 'bench/drill.js',
    options: { ...crowd, rounds: text('N', 'how many kills'), workers: text('N', 'threads of the engine; 1 and then 2 without it'), json },
    exits: 'something was lost, doubled or wrong', examples: ['kilat drill:kill --rounds 20'] },
  { name: 'drill:money', summary: 'bookings and their money, under kills and Stripe’s faults', run: 'bench/money.js',
    options: { rounds: text('N', 'how many journeys'), workers: text('N', 'threads of the engine'), seed: crowd.seed },
    exits: 'the ledgers differ', examples: ['kilat drill:money --rounds 200'] },

  { name: 'policy show', summary: 'the rules in force, as JSON', run: cli, examples: ['kilat policy show'] },
  { name: 'policy set', summary: 'put the next version of the rules in force', args: 'FILE', run: cli, examples: ['kilat policy set next.json'] },
  { name: 'admin grant', summary: 'make an admin', args: 'EMAIL', run: cli, examples: ['kilat admin grant mei@example.com'] },
  { name: 'keys rotate', summary: 'replace the signing key', run: cli, examples: ['kilat keys rotate'] },
  { name: 'keys rewrap', summary: 'wrap every personal key with the first master', run: cli,
    about: 'With PERSONAL_KEY=NEW,OLD in the environment. The old master is needed no more when it is done.', examples: ['kilat keys rewrap'] },
  { name: 'erase', summary: 'forget a person for ever, and show that he is forgotten', args: 'PERSON', run: cli,
    about: 'PERSON is an id or an email. His key is destroyed, so that no text of his in the journal can be read any more.',
    options: { yes: flag('do it, instead of saying what it would do') },
    exits: 'he has a live booking or money is held, or something of him was found', examples: ['kilat erase mei@example.com --yes'] },
  { name: 'state', summary: 'the exact state of an actor at any past moment, by folding the journal', args: 'KIND ID', run: cli,
    options: { at: text('TIME', 'as it was then; as it is now without it'), frame: text('N', 'as it was after this frame of its shard'), json },
    examples: ['kilat state booking 3f2… --at 2026-11-23T08:00:00Z', 'kilat state runner 9a1… --frame 120 --json'] },
  { name: 'diff', summary: 'what became otherwise in an actor between two moments', args: 'KIND ID', run: cli,
    options: { ...spell, 'from-frame': text('N', 'after this frame of its shard'), 'to-frame': text('N', 'until after this one'), json },
    examples: ['kilat diff booking 3f2… --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z'] },
  { name: 'replay', summary: 'the life of a booking, a runner or a place: every command, decision, event, effect and frame', run: cli,
    options: { booking: text('ID', 'of it, by it, or naming it'), runner: text('ID', 'the same'), area: text('WHERE', 'an H3 cell, or LATITUDE,LONGITUDE,RADIUS_KM'), ...spell, json, ndjson: flag('one JSON object a line'),
      movement: flag('also where runners were, as far back as that is kept'), speed: text('10x', 'serve it instead, as the live tracking feed, so fast'), port: text('N', 'where; 8090 without it') },
    about: 'Commands that were refused left no trace in the log. What is sealed in it stays sealed here.',
    exits: 'nothing was found', examples: ['kilat replay --booking 3f2…', 'kilat replay --area 3.139,101.687,2 --from 2026-11-23T08:00:00Z --ndjson', 'kilat replay --booking 3f2… --speed 10x --port 8090'] },
  { name: 'whatif', summary: 'the recorded demand under another policy or price table, and the difference', run: cli,
    options: { policy: text('FILE', 'the policy, as policy set takes it'), from: text('TIME', 'bookings asked for not before this time (2026-11-23T08:00:00Z, or milliseconds)'), to: text('TIME', 'and before this one'), json },
    about: 'Reads only. Both the policies of then and FILE are played in the same model, by the rules that decide in truth; what was recorded\nstands beside them, and what is modelled is listed. It reaches back as far as positions are kept (RUNNER_EVENTS), and says so when\nasked for more.',
    exits: 'nothing was asked for in that time, or no positions are kept of it',
    examples: ['kilat whatif --policy next.json --from 2026-11-23T00:00:00Z --to 2026-11-24T00:00:00Z', 'kilat whatif --policy next.json --from 2026-11-23T06:00:00Z --to 2026-11-23T12:00:00Z --json'] },
  { name: 'export', summary: 'an incident file: all that is needed to decide a piece of the past again', run: cli,
    options: { booking: text('ID', 'what it is about'), runner: text('ID', 'the same'), out: text('FILE', 'where to') },
    about: 'Files in bench/incidents are tests.', examples: ['kilat export --booking 3f2… --out bench/incidents/late.json'] },
  { name: 'rerun', summary: 'decide the commands of incident files again with this code', args: 'FILE [FILE...]', run: cli,
    exits: 'something is decided otherwise', examples: ['kilat rerun bench/incidents/late.json'] },
  { name: 'verify', summary: 'whether the log is whole, and all that was made from it is what it says; also of a running engine', run: cli,
    about: 'Snapshots are held against the fold at their own frames, lists at their watermarks, living actors at the event they rest on.',
    options: { decide: flag('every recorded command is decided again by this code'), twice: flag('the log is folded twice'), 'log-only': flag('neither a running engine nor the lists'), url: text('URL', 'another engine than the one of this folder'), json },
    exits: 'something differs', examples: ['kilat verify', 'kilat verify --decide --twice --json'] },
  { name: 'rebuild projections', summary: 'make the lists once more from the log, while they are served', run: cli,
    about: 'They are built beside the served ones; then what differs is replaced in one transaction. Readers see all of it or nothing.',
    options: { json }, examples: ['kilat rebuild projections'] },
]

const exits = (row) => [
  '  0  done',
  `  1  it failed${row.exits ? `, or ${row.exits}` : ''}; the error stream says why`,
  '  2  it was asked for in a way that it does not understand',
]

const column = (rows) => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`)
}
const named = ([name, { value }]) => `--${name}${value ? ` ${value}` : ''}`
const optionsOf = (row) => Object.entries(row.options ?? {})

/** One verb: what it does, how it is asked for, examples, and what its exit codes mean. */
export function helpOf(row) {
  const usage = ['kilat', row.name, row.args, ...optionsOf(row).map((option) => `[${named(option)}]`)]
  return [
    `${row.name}: ${row.summary}`,
    ...(row.about ? ['', row.about] : []),
    '',
    `usage: ${usage.filter(Boolean).join(' ')}`,
    ...(row.options
      ? ['', 'options:', ...column(optionsOf(row).map((one) => [named(one), one[1].about]))]
      : []),
    '',
    'examples:',
    ...row.examples.map((line) => `  ${line}`),
    '',
    'exit codes:',
    ...exits(row),
  ].join('\n')
}

/** Every verb in a line. */
export const overview = () =>
  [
    'usage: kilat VERB, or kilat VERB --help',
    '',
    ...column(verbs.map(({ name, args, summary }) => [[name, args].filter(Boolean).join(' '), summary])),
  ].join('\n')

const find = (words) =>
  verbs.find(({ name }) => name === words.slice(0, 2).join(' ')) ??
  verbs.find(({ name }) => name === words[0])

function unknown([first]) {
  const further = verbs.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name)
  const near = verbs.filter(({ name }) => name.startsWith(first.slice(0, 3))).map(({ name }) => name)
  if (further.length > 0) return `${first} what? ${further.join(' or ')}`
  return `there is no verb ${first}${near.length > 0 ? `; is it ${near.join(' or ')}?` : ''} (kilat --help names all)`
}

/** What is wrong with the number of words behind the verb. */
function miscounted({ name, args = '' }, given) {
  const wanted = args.split(' ').filter(Boolean)
  const least = wanted.filter((word) => !word.startsWith('['))
  if (given.length < least.length) return `${name} wants ${least.slice(given.length).join(' and ')}`
  if (given.length > wanted.length && !args.includes('...')) return `${name} takes no ${given[wanted.length]}`
  return undefined
}

/**
 * Reads a command line: `{ help }` to print, `{ flaw }` where it is not understood, else the row with its option
 * `values`, the words (`positionals`) behind the verb, and all of it as it was (`rest`).
 */
export function read(argv) {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  if (words.length === 0 || /^(--help|-h)$/.test(words[0])) return { help: overview() }
  const row = find(words)
  if (!row) return { flaw: unknown(words) }
  const rest = words.slice(row.name.split(' ').length)
  if (rest.some((word) => word === '--help' || word === '-h')) return { help: helpOf(row) }
  if (row.open) return { row, values: {}, positionals: [], rest }
  const options = Object.fromEntries(optionsOf(row).map(([name, { type }]) => [name, { type }]))
  try {
    const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true })
    const flaw = miscounted(row, positionals)
    return flaw
      ? { flaw: `${flaw} (kilat ${row.name} --help)` }
      : { row, values: { ...values }, positionals, rest }
  } catch (error) {
    return { flaw: `${error.message.split('. ')[0]} (kilat ${row.name} --help)` }
  }
}
