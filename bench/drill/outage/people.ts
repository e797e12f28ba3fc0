import { withAccounts } from '../../city/backstage.ts'
import { type Citizen, settle } from '../../city/population.ts'

/** People beside the city, whose only task is to ask. */
export interface Askers {
  readonly owners: readonly Citizen[]
  readonly runners: readonly Citizen[]
}

const count = 4

/** Makes them in the accounts of a running engine. */
export const settleAskers = (data_dir: string, token_issuer: string, run: string): Promise<Askers> =>
  withAccounts({ data_dir, token_issuer, signing_keys: undefined }, async (accounts, identity) => ({
    owners: await settle(accounts, identity, 'owner', count, run),
    runners: await settle(accounts, identity, 'runner', count, run),
  }))
