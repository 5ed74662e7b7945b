interface ChangedSinceProps {
  /** When the run began. */
  began: string
  /** When the file was last written. */
  modified: string
}

/** Says that a source is another one than what has run; nothing when it is the same. */
export function ChangedSince({ began, modified }: ChangedSinceProps) {
  if (Date.parse(modified) <= Date.parse(began)) return null
  return <p className="px-1 py-0.5 text-sm text-warn">This file has changed since this run: its lines may have moved.</p>
}
