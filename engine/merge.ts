/** Several sequences that are in order each, as one: the least of their heads comes first. */
export async function* merged<Item>(
  sources: readonly AsyncIterable<Item>[],
  orderOf: (item: Item) => number,
): AsyncGenerator<Item> {
  const heads = await Promise.all(
    sources.map((source) => {
      const iterator = source[Symbol.asyncIterator]()
      return taken(iterator)
    }),
  )
  for (let open = live(heads); open.length > 0; open = live(heads)) {
    const least = open.reduce((best, head) => (orderOf(head.item) < orderOf(best.item) ? head : best))
    yield least.item
    heads[heads.indexOf(least)] = await taken(least.iterator)
  }
}

interface Head<Item> {
  readonly iterator: AsyncIterator<Item>
  readonly item: Item
}

async function taken<Item>(iterator: AsyncIterator<Item>): Promise<Head<Item> | undefined> {
  const { done, value } = await iterator.next()
  return done ? undefined : { iterator, item: value }
}

const live = <Item>(heads: readonly (Head<Item> | undefined)[]): readonly Head<Item>[] =>
  heads.filter((head) => head !== undefined)
