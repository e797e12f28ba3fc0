import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, test } from 'vitest'
import { behaviours } from '../actors/behaviours.ts'
import { startHttp } from './http/testing.ts'
import { tracingOver } from './tracing.ts'

function traced() {
  const exporter = new InMemorySpanExporter()
  const { tracer, close } = tracingOver(new SimpleSpanProcessor(exporter), 3)
  return { exporter, tracer, close }
}
const trace_id = '0af7651916cd43dd8448eb211c80319c'
const parent = `00-${trace_id}-b7ad6b7169203331-01`

test('OB23 a caller’s traceparent is continued, and further ones are linked', () => {
  const { exporter, tracer } = traced()
  tracer.begin('frame', [parent, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`], { shard: 1 }).end()
  const [span] = exporter.getFinishedSpans()
  expect(span?.spanContext().traceId).toBe(trace_id)
  expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(span?.links.map(({ context }) => context.traceId)).toEqual(['a'.repeat(32)])
  expect(span?.attributes).toEqual({ shard: 1 })
  expect(span?.resource.attributes).toMatchObject({ 'service.name': 'kilat-dispatch', 'kilat.thread': 3 })
})

test.each([
  '',
  'x',
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-${trace_id}-${'0'.repeat(16)}-01`,
  `01-${trace_id}`,
])('OB23 the traceparent "%s" is not continued', (text) => {
  const { exporter, tracer } = traced()
  tracer.begin('frame', [text]).end('it failed')
  const [span] = exporter.getFinishedSpans()
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.status).toMatchObject({ message: 'it failed' })
})

test('OB20 a request begins a span, and its command goes on under it', async () => {
  const { exporter, tracer, close } = traced()
  const http = await startHttp(behaviours, { tracer })
  const token = await http.tokenFor({ id: 'bbbbbbbb-1111-4111-8111-111111111111', role: 'runner' })
  const body = { full_name: 'R', vehicle_type: 'van', vehicle_plate: 'J 1', vehicle_model: 'Hiace' }
  await http.call('POST', '/api/v1/runners', { token, body, headers: { traceparent: parent } })
  await http.call('GET', '/health')
  http.stop()
  const [request, health] = exporter.getFinishedSpans()
  expect(request?.name).toBe('POST /api/v1/runners')
  expect(request?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(http.host.carried[0]?.trace).toBe(`00-${trace_id}-${request?.spanContext().spanId}-01`)
  expect(health?.parentSpanContext).toBeUndefined()
  await close()
})
