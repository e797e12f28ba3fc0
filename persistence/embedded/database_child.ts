// The process that holds the embedded database: `node database_child.js <folder> <port>`. It lives as long as its
// standard input is open, says `ready` once it serves, and ends when the session itself breaks.
import { serveDatabase } from './database_server.ts'
import { openPglite } from './open_pglite.ts'

const [data_dir, port] = process.argv.slice(2)
if (data_dir === undefined || port === undefined) throw new Error('usage: database_child <folder> <port>')

const db = await openPglite(data_dir)
const server = await serveDatabase(db, Number(port))

async function stop(): Promise<void> {
  await server.stop()
  await db.close()
  process.exit(0)
}
process.stdin.on('end', stop).on('error', stop).resume()
process.on('SIGTERM', stop)
process.on('SIGINT', () => {})
process.stdout.write('ready\n')
