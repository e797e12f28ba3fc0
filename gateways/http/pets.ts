import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import { type Pet, pets } from '../../protocols/tables.ts'
import { addOnce, recordId } from './records.ts'
import { acknowledged, created, ok } from './reply.ts'
import type { Endpoint, HttpDoors, KnownRequest } from './request.ts'
import { bodyOf, said } from './shapes.ts'
import { timeOf } from './times.ts'

export const petEndpoints = {
  /** `pet.too_many` when the owner has as many as an account holds. */
  createPet: async (request, doors) => {
    const { by } = request
    const wanted = bodyOf('createPet', request.body)
    if (isRefusal(wanted)) return wanted
    if ((await doors.rows.count(pets, activeOf(by.id))) >= limits.pets_per_owner_max)
      return reject('pet.too_many', `at most ${limits.pets_per_owner_max}`)
    return created(petView(await addPet(doors, by.id, wanted, recordId(request, doors.env))))
  },

  /** The caller's, newest first; archived ones are left out. */
  pets: async ({ by }, { rows }) => {
    const order = [
      ['created_at', 'down'],
      ['id', 'down'],
    ] as const
    const found = await rows.find(pets, {
      where: activeOf(by.id),
      order,
      limit: limits.pets_per_owner_max,
    })
    return ok(found.map(petView))
  },

  pet: async (request, { rows }) => {
    const pet = await ownPet(request, rows)
    return isRefusal(pet) ? pet : ok(petView(pet))
  },

  /** Empty and zero leave a field as it is. `pet.changed` when another change came between. */
  updatePet: async (request, { rows, env }) => {
    const wanted = bodyOf('updatePet', request.body)
    if (isRefusal(wanted)) return wanted
    const pet = await ownPet(request, rows)
    if (isRefusal(pet)) return pet
    const { id, version } = pet
    const values = { ...said(wanted), version: version + 1, updated_at: env.now_ms() }
    const [changed] = await rows.change(pets, { id, version }, values)
    return changed ? ok(petView(changed)) : reject('pet.changed', '')
  },

  archivePet: async (request, { rows, env }) => {
    const pet = await ownPet(request, rows)
    if (isRefusal(pet)) return pet
    await rows.change(pets, { id: pet.id }, { status: 'archived', updated_at: env.now_ms() })
    return acknowledged('pet archived')
  },
} satisfies Record<string, Endpoint>

const activeOf = (owner_id: string) => ({ owner_id, status: 'active' }) as const

type Described = Partial<Pet> & Pick<Pet, 'name' | 'pet_type'>

/** The pet that an app named at registration, when it is one. */
export async function addFirstPet(
  doors: Pick<HttpDoors, 'rows' | 'env'>,
  owner_id: string,
  described: unknown,
) {
  if (typeof described !== 'object' || described === null) return
  const wanted = bodyOf('createPet', described)
  if (!isRefusal(wanted)) await addPet(doors, owner_id, wanted, doors.env.uuid())
}

/** A pet of this owner as described; all that is not said is empty. */
async function addPet(
  { rows, env }: Pick<HttpDoors, 'rows' | 'env'>,
  owner_id: string,
  described: Described,
  id: string,
): Promise<Pet> {
  const at = env.now_ms()
  const pet: Pet = {
    breed: '',
    weight_kg: 0,
    age_months: 0,
    allergies: '',
    special_needs: '',
    notes: '',
    photo_url: '',
    vaccination_status: '',
    ...described,
    id,
    owner_id,
    status: 'active',
    version: 1,
    created_at: at,
    updated_at: at,
  }
  return addOnce(rows, pets, pet)
}

/** The pet of the path, when it is the caller's: `pet.not_found`, `pet.not_yours`. */
async function ownPet({ ids: { id = '' }, by }: KnownRequest, rows: Rows): Promise<Pet | Rejection> {
  const [pet] = await rows.find(pets, { where: { id, status: 'active' }, order: [], limit: 1 })
  if (!pet) return reject('pet.not_found', `no pet has the id ${id}`)
  return pet.owner_id === by.id ? pet : reject('pet.not_yours', '')
}

/** Pet of contract 3.0.1, with all that 3.0.2 wants present. */
const petView = ({ version: _version, ...pet }: Pet) => ({
  ...pet,
  created_at: timeOf(pet.created_at),
  updated_at: timeOf(pet.updated_at),
})
