import type { Span, Tracer } from './tracer.ts'

/** Writes down what was begun, under which name, and by what. */
export class MemoryTracer implements Tracer {
  readonly spans: {
    name: string
    parents: readonly string[]
    trace: string
    failed?: string
    ended: boolean
  }[] = []
  begin(name: string, parents: readonly string[]): Span {
    const trace = `span ${this.spans.length}`
    const span = { name, parents, trace, ended: false }
    this.spans.push(span)
    return {
      trace,
      end: (failed) => {
        Object.assign(span, { ended: true, ...(failed === undefined ? {} : { failed }) })
      },
    }
  }
}
