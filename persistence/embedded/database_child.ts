// The process that holds the embedded database: `node database_child.js <folder> <port>`. It opens the folder when it
// reads a line, lives as long as its input is open, and ends when the session itself breaks.
import { once } from 'node:events'
import { serveDatabase } from './database_server.ts'
import { openPglite } from './open_pglite.ts'

const [data_dir, port] = process.argv.slice(2)
if (data_dir === undefined || port === undefined) throw new Error('usage: database_child <folder> <port>')

process.on('SIGINT', () => {})
process.stdin.on('error', () => process.exit(1))
process.stdin.once('end', () => process.exit(1))
await once(process.stdin, 'data')

const db = await openPglite(data_dir)
const server = await serveDatabase(db, Number(port))

async function stop(): Promise<void> {
  await server.stop()
  await db.close()
  process.exit(0)
}
process.stdin.removeAllListeners('end').once('end', stop).resume()
process.on('SIGTERM', stop)
