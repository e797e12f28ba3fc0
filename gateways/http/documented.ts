/** A row of `documents.ts`. */
import type { TSchema } from 'typebox'
import type { RejectionCode } from '../../protocols/rejections.ts'

export interface Documented {
  readonly about: string
  /** Of a success, as it is sent; none for an empty body. */
  readonly answer?: TSchema
  /** Of a success: that of the route's row, or 200, when absent. */
  readonly status?: number
  /** `application/json` when absent. */
  readonly content_type?: string
  /** For routes that name no command. */
  readonly body?: TSchema
  /** Fields of the body that may be left out although the schema has no default. */
  readonly optional?: readonly string[]
  /** What may stand behind the question mark: an object schema. */
  readonly query?: TSchema
  readonly refuses?: readonly RejectionCode[]
  /** What a status of a refusal may carry instead of a problem. */
  readonly also?: readonly [status: number, answer: TSchema]
}
