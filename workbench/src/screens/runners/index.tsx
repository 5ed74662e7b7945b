import { Cpu } from 'lucide-react'

import { useProject, useRunners } from '../../api/queries.ts'
import type { Runner } from '../../api/types.ts'
import { ProblemList } from '../../app/Problems.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table } from '../../components/Table.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { counted } from '../../format/count.ts'
import { columns } from './columns.tsx'

/** The processes that hold the project's code, and what of it could not be loaded. */
export default function RunnersScreen() {
  const { data: runners, error, refetch } = useRunners()
  return (
    <ScreenFrame title="Runners" tools={runners && <Totals runners={runners} />}>
      {runners ? <Processes runners={runners} /> : error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />}
    </ScreenFrame>
  )
}

function Totals({ runners }: { runners: Runner[] }) {
  const memory = runners.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0)
  const running = runners.reduce((sum, { inFlight }) => sum + inFlight, 0)
  const processes = runners.length === 1 ? '1 process' : `${runners.length} processes`
  return (
    <span className="tabular text-sm text-muted">
      {processes} · {formatBytes(memory)} · {counted(running, 'run')} now
    </span>
  )
}

function Processes({ runners }: { runners: Runner[] }) {
  if (runners.length === 0) {
    return (
      <EmptyState icon={Cpu} title="No runner is needed" command="runtime generate step">
        A runner is a process that holds the steps of one language. It starts with the first step of its language that
        the project has.
      </EmptyState>
    )
  }
  return <Table label="Runner processes" columns={columns} rows={runners} keyOf={keyOf} footer={<LoadErrors />} />
}

function keyOf({ language, process, generation, pid }: Runner): string {
  return `${language} ${process} ${generation} ${pid}`
}

/** Files that are left out, because they could not be loaded. */
function LoadErrors() {
  const problems = useProject().data?.problems ?? []
  if (problems.length === 0) return null
  return (
    <section aria-labelledby="load-errors" className="max-w-4xl p-4">
      <h3 id="load-errors" className="mb-2 font-semibold">
        What did not load
      </h3>
      <ProblemList problems={problems} />
    </section>
  )
}
