/** Traces by OpenTelemetry, sent over OTLP. Off unless an endpoint is configured. */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Span, Trace, Tracer } from '../engine/tracer.ts'
import { limits } from '../protocols/limits.ts'

export interface Tracing {
  readonly tracer: Tracer
  /** Sends what waits, and ends. */
  close(): Promise<void>
}

/** Sends to `endpoint`/v1/traces, in batches; `thread` stands in every span. */
export const openTracing = (endpoint: string, thread: number): Tracing =>
  tracingOver(
    new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })),
    thread,
  )

/** The same over any processor of spans. */
export function tracingOver(processor: SpanProcessor, thread: number): Tracing {
  const resource = resourceFromAttributes({ 'service.name': 'kilat-dispatch', 'kilat.thread': thread })
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] })
  const own = provider.getTracer('kilat')
  return {
    tracer: {
      begin(name, parents, fields = {}) {
        const [parent, ...others] = parents.slice(0, limits.trace_links_max).flatMap(contextOf)
        const links: Link[] = others.map((context) => ({ context }))
        const under: Context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
        return spanOf(own.startSpan(name, { attributes: { ...fields }, links }, under))
      },
    },
    close: () => provider.shutdown(),
  }
}

function spanOf(span: ReturnType<ReturnType<BasicTracerProvider['getTracer']>['startSpan']>): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    trace: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    end(failed) {
      if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed })
      span.end()
    },
  }
}

/** None for a text that is no `traceparent` of version 00: it may come from a stranger. */
function contextOf(text: Trace): readonly SpanContext[] {
  const [, traceId, spanId, flags] =
    /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return []
  return [{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }]
}
