import type { Status } from '../../api/types.ts'

/** The HTTP status where it says how things stand: not while they go on, nor of a success after which something failed. */
export function shownStatus({ status, httpStatus }: { status: Status; httpStatus: number | null }): number | null {
  if (status === 'running' || httpStatus === null) return null
  return status === 'failed' && httpStatus < 400 ? null : httpStatus
}
