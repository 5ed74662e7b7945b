import { useState } from 'react'

import { formatCount } from '../format/count.ts'
import { CopyButton } from './CopyButton.tsx'

const FIRST = 50_000

/** Text of any length: what is not asked for is not in the page. */
export function LongText({ label, text }: { label: string; text: string }) {
  const [most, setMost] = useState(FIRST)
  return (
    <div className="group/text relative">
      <div className="absolute top-2 right-2 rounded-md bg-surface opacity-0 group-focus-within/text:opacity-100 group-hover/text:opacity-100">
        <CopyButton text={text} label="Copy the text" />
      </div>
      <pre aria-label={label} className="p-3 font-mono text-sm break-words whitespace-pre-wrap">
        {text.slice(0, most)}
      </pre>
      {text.length > most && (
        <button type="button" onClick={() => setMost(most * 4)} className="mx-3 mb-3 text-accent hover:underline">
          {formatCount(text.length - most)} more characters
        </button>
      )}
    </div>
  )
}
