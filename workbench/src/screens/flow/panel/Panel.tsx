import { X } from 'lucide-react'
import { useEffect, useRef } from 'react'

import { useSource } from '../../../api/queries.ts'
import type { Project, Step } from '../../../api/types.ts'
import { useQueryState } from '../../../app/useRoute.ts'
import { StepBadge } from '../../../components/Badge.tsx'
import { IconButton } from '../../../components/Button.tsx'
import { CodeBlock } from '../../../components/code/CodeBlock.tsx'
import { CopyButton } from '../../../components/CopyButton.tsx'
import { ErrorState, Skeleton } from '../../../components/states.tsx'
import { Tabs } from '../../../components/Tabs.tsx'
import { languageOf } from '../../../format/language.ts'
import { serveFocus } from '../focus.ts'
import { Overview } from './Overview.tsx'

interface PanelProps {
  project: Project
  step: Step
  /** The ask for the focus that it is to serve; 0 for none. */
  focus: number
  onClose: () => void
}

/** All about the step that is selected. What of its source is shown is in the address: `source=<file>:<line>`. */
export function Panel({ project, step, focus, onClose }: PanelProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (box.current !== null) serveFocus(focus, box.current)
  }, [focus])
  const [source, setSource] = useQueryState('source', true)
  const place = placeOf(source) ?? { file: step.file, line: null }
  return (
    <div ref={box} tabIndex={-1} className="flex h-full min-h-0 flex-col bg-surface outline-none">
      <header className="flex h-10 shrink-0 items-center gap-2 pr-2 pl-4">
        <h3 className="min-w-0 flex-1 text-lg font-semibold">
          <StepBadge name={step.name} type={step.type} {...(step.type === 'noop' ? {} : { language: languageOf(step.file, step.language) })} />
        </h3>
        <IconButton icon={X} label="Close (Esc)" onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1">
        <Tabs
          label={`What is known of ${step.name}`}
          selected={source === '' ? 'overview' : 'source'}
          onSelect={(tab) => setSource(tab === 'source' ? step.file : '')}
          tabs={[
            { id: 'overview', title: 'Overview', panel: () => <Overview project={project} step={step} showLine={({ file, line }) => setSource(`${file}:${line}`)} /> },
            { id: 'source', title: 'Source', panel: () => <Source {...place} /> },
          ]}
        />
      </div>
    </div>
  )
}

interface Place {
  file: string
  line: number | null
}

function placeOf(text: string): Place | null {
  if (text === '') return null
  const [, file = text, line] = /^(.*):(\d+)$/s.exec(text) ?? []
  return { file, line: line === undefined ? null : Number(line) }
}

function Source({ file, line }: Place) {
  const { data: source, error, refetch } = useSource(file)
  return (
    <div className="flex h-full min-h-0 flex-col gap-1 px-3 pt-1.5 pb-3">
      <div className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-sm text-muted" title={file}>
          {line === null ? file : `${file}:${line}`}
        </span>
        <CopyButton text={line === null ? file : `${file}:${line}`} label="Copy path" />
      </div>
      {source ? (
        <CodeBlock label={file} text={source.text} language={source.language} line={line} className="min-h-0 flex-1" />
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton />
      )}
    </div>
  )
}
