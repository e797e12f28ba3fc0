import type { Env } from '../../engine/env.ts'
import type { Routing } from '../../protocols/routing.ts'
import type { Config } from '../config.ts'
import { estimate } from './estimate.ts'
import { openGoogle } from './google.ts'
import { Guarded } from './guarded.ts'
import { openOsrm } from './osrm.ts'

/** The routing of a deployment: Google where there is a key, before OSRM where there is a server, before the estimate. */
export function openRouting(config: Config, env: Env): Routing {
  const { osrm_url, google_maps_api_key: key, google_routes_url: url } = config
  const own = osrm_url === undefined ? estimate : new Guarded(openOsrm({ url: osrm_url, env }), estimate, env)
  return key === undefined ? own : new Guarded(openGoogle({ url, key, env }), own, env)
}
