import type { Json } from './types.ts'

/** Why a call of the control API failed; `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    message: string,
    /** The HTTP status; 0 when the runtime did not answer. */
    readonly status: number,
    /** All members of the problem document. */
    readonly problem: { [member: string]: Json } = {},
  ) {
    super(message)
  }

  get isUnreachable(): boolean {
    return this.status === 0
  }

  get isUnauthorized(): boolean {
    return this.status === 401
  }

  /** The runtime is another version than the Workbench. */
  get isUnknownRoute(): boolean {
    return this.status === 404 && this.message.startsWith('GET /__runtime')
  }
}

/** The error of an answer that is no success: what its problem document says, else its status. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  const problem = problemOf(text)
  const detail = problem['detail'] ?? problem['title']
  const message = typeof detail === 'string' && detail !== '' ? detail : `the runtime answered ${response.status}`
  return new ApiError(message, response.status, problem)
}

function problemOf(text: string): { [member: string]: Json } {
  try {
    const parsed = JSON.parse(text) as Json
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** What went wrong, in words. */
export function explain(error: unknown): string {
  if (error instanceof Error) return error.message
  return String(error)
}
