import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import { type Shop, shops } from '../../protocols/tables.ts'
import { placeOf, radiusOf } from './query.ts'
import { addOnce, recordId } from './records.ts'
import { acknowledged, created, ok } from './reply.ts'
import type { Endpoint, KnownRequest } from './request.ts'
import { bodyOf, said } from './shapes.ts'
import { timeOf } from './times.ts'

const by_rating = [
  ['rating', 'down'],
  ['name', 'up'],
] as const
const categories: readonly string[] = ['grooming', 'vet', 'boarding', 'pet_store']

export const shopEndpoints = {
  /** The best rated first, of one `category` when one is named. An unknown category has no shops. */
  shops: async ({ query }, { rows }) => {
    const category = query.get('category') ?? ''
    if (category !== '' && !categories.includes(category)) return ok([])
    const where = category === '' ? {} : { category: category as Shop['category'] }
    return ok(
      (await rows.find(shops, { where, order: by_rating, limit: limits.shops_listed_max })).map(shopView),
    )
  },

  /** Nearest first, with the distance in km to the metre. */
  shopsNearby: async ({ query }, { rows }) => {
    const place = placeOf(query)
    if (isRefusal(place)) return place
    const radius_km = radiusOf(query, limits.shops_nearby_radius_km_default)
    if (isRefusal(radius_km)) return radius_km
    const where = boxAround(place, radius_km)
    const found = await rows.find(shops, { where, order: by_rating, limit: limits.shops_searched_max })
    const near = found
      .map((shop) => ({ shop, distance_km: kilometres(place, shop) }))
      .filter(({ distance_km }) => distance_km <= radius_km)
      .sort((one, other) => one.distance_km - other.distance_km)
      .slice(0, limits.shops_nearby_max)
    return ok(
      near.map(({ shop, distance_km }) => ({
        ...shopView(shop),
        distance_km: Math.round(distance_km * 1_000) / 1_000,
      })),
    )
  },

  myShops: async ({ by }, { rows }) => {
    const search = { where: { owner_id: by.id }, order: by_rating, limit: limits.shops_per_owner_max }
    return ok((await rows.find(shops, search)).map(shopView))
  },

  shop: async (request, { rows }) => {
    const shop = await shopOf(request, rows)
    return isRefusal(shop) ? shop : ok(shopView(shop))
  },

  createShop: async (request, { rows, env }) => {
    const { by } = request
    const wanted = bodyOf('createShop', request.body)
    if (isRefusal(wanted)) return wanted
    if ((await rows.count(shops, { owner_id: by.id })) >= limits.shops_per_owner_max)
      return reject('shop.too_many', `at most ${limits.shops_per_owner_max}`)
    const at = env.now_ms()
    const shop = {
      ...wanted,
      id: recordId(request, env),
      owner_id: by.id,
      rating: 0,
      created_at: at,
      updated_at: at,
    }
    return created(shopView(await addOnce(rows, shops, shop)))
  },

  /** Empty leaves a field as it is. */
  updateShop: async (request, { rows, env }) => {
    const wanted = bodyOf('updateShop', request.body)
    if (isRefusal(wanted)) return wanted
    const shop = await ownShop(request, rows)
    if (isRefusal(shop)) return shop
    const { latitude = shop.latitude, longitude = shop.longitude, ...texts } = wanted
    const values = { ...said(texts), latitude, longitude, updated_at: env.now_ms() }
    const [changed] = await rows.change(shops, { id: shop.id, owner_id: request.by.id }, values)
    return changed ? ok(shopView(changed)) : reject('shop.not_found', '')
  },

  removeShop: async (request, { rows }) => {
    const shop = await ownShop(request, rows)
    if (isRefusal(shop)) return shop
    await rows.remove(shops, { id: shop.id })
    return acknowledged('pet shop deleted')
  },
} satisfies Record<string, Endpoint>

async function shopOf({ ids: { id = '' } }: KnownRequest, rows: Rows): Promise<Shop | Rejection> {
  const [shop] = await rows.find(shops, { where: { id }, order: [], limit: 1 })
  return shop ?? reject('shop.not_found', `no pet shop has the id ${id}`)
}

async function ownShop(request: KnownRequest, rows: Rows): Promise<Shop | Rejection> {
  const shop = await shopOf(request, rows)
  return isRefusal(shop) || shop.owner_id === request.by.id ? shop : reject('shop.not_yours', '')
}

const shopView = (shop: Shop) => ({
  ...shop,
  created_at: timeOf(shop.created_at),
  updated_at: timeOf(shop.updated_at),
})

interface Place {
  readonly latitude: number
  readonly longitude: number
}

const km_per_degree = 111.19

/** Degrees around a place that hold every point within the radius; all longitudes near a pole. */
function boxAround({ latitude, longitude }: Place, radius_km: number) {
  const high = radius_km / km_per_degree
  const wide = high / Math.max(Math.cos(radians(latitude)), 0.01)
  return {
    latitude: { from: latitude - high, to: latitude + high },
    longitude: { from: longitude - wide, to: longitude + wide },
  }
}

const radians = (degrees: number) => (degrees * Math.PI) / 180

/** Haversine, on the contract's sphere of 6371 km. */
function kilometres(from: Place, to: Place): number {
  const half = (degrees: number) => Math.sin(radians(degrees) / 2) ** 2
  const narrow = Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude))
  const chord = half(to.latitude - from.latitude) + narrow * half(to.longitude - from.longitude)
  return 12_742 * Math.asin(Math.sqrt(chord))
}
