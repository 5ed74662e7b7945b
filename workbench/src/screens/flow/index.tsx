import { usePrefetchQuery } from '@tanstack/react-query'
import { RotateCcw, Workflow } from 'lucide-react'
import { useMemo, useState } from 'react'

import { useProject } from '../../api/queries.ts'
import type { Project } from '../../api/types.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { places } from '../../app/places.ts'
import { Button } from '../../components/Button.tsx'
import { ConfirmDialog } from '../../components/Dialog.tsx'
import { SearchField, Select } from '../../components/fields.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { counted } from '../../format/count.ts'
import { Canvas } from './Canvas.tsx'
import { foundIn } from './found.ts'
import { graphOf } from './graph.ts'
import { Panel } from './panel/Panel.tsx'
import { troublesOf } from './trouble.ts'
import { useLiveNodes } from './useLiveNodes.ts'
import { useOpening } from './useOpening.ts'
import { useOverlayUpdates } from './useOverlay.ts'
import { savedFlows, usePositions } from './usePositions.ts'
import { viewOf, viewsOf, type View } from './views.ts'

/** The project as a graph: which step leads to which, and what happens now. */
export default function FlowScreen() {
  const { data: project, error, refetch } = useProject()
  usePrefetchQuery(savedFlows) // side by side with the project, not after it
  useOverlayUpdates()
  useLiveNodes()
  if (project !== undefined) return <ProjectFlow project={project} />
  return <ScreenFrame title="Flow">{error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />}</ScreenFrame>
}

function ProjectFlow({ project }: { project: Project }) {
  const { flow = '', step = '' } = useRoute().query
  const views = useMemo(() => viewsOf(project), [project])
  const view = viewOf(views, flow, step)
  if (project.steps.length === 0) return <NoSteps />
  if (view === undefined) return <NoFlow name={flow} />
  return <ViewFlow key={view.id} project={project} views={views} view={view} />
}

function ViewFlow({ project, views, view }: { project: Project; views: readonly View[]; view: View }) {
  const [name] = useQueryState('step')
  const [text, setText] = useQueryState('find')
  const declared = useMemo(() => graphOf(view.steps, project.streams), [view, project.streams])
  const positions = usePositions(view.id)
  const step = view.steps.find((each) => each.name === name) ?? null
  const { current, panelFocus, setCurrent, open, walkTo, close } = useOpening(view, step, text)
  const found = useMemo(() => foundIn(declared.nodes, text), [declared, text])
  const troubles = useMemo(() => troublesOf(view.steps, project.problems), [view, project.problems])
  const search = (value: string): void => {
    setText(value)
    const [first] = foundIn(declared.nodes, value) ?? []
    if (first !== undefined) setCurrent(first)
  }
  return (
    <ScreenFrame
      title="Flow"
      tools={<Tools views={views} view={view} text={text} search={search} />}
      actions={positions.chosen.size > 0 && <Reset count={positions.chosen.size} reset={positions.reset} />}
    >
      <SplitPane
        name="flow"
        label={step === null ? 'Step' : `Step ${step.name}`}
        share={0.66}
        first={
          positions.isKnown ? (
            <Canvas
              declared={declared}
              shown={{ chosen: positions.chosen, current: current.id, focus: current.focus, open: step?.file ?? null, found, troubles }}
              setCurrent={setCurrent}
              walkTo={walkTo}
              onOpen={open}
              onMove={positions.move}
            />
          ) : (
            <Skeleton />
          )
        }
        second={step && <Panel key={step.file} project={project} step={step} focus={panelFocus} onClose={close} />}
      />
    </ScreenFrame>
  )
}

interface ToolsProps {
  views: readonly View[]
  view: View
  text: string
  search: (text: string) => void
}

function Tools({ views, view, text, search }: ToolsProps) {
  const go = (flow: string): void => navigate(places.step('', flow))
  return (
    <>
      {views.length > 1 && (
        <Select aria-label="Flow" value={view.id} options={views.map(({ id, title }) => [id, title] as const)} onChange={go} className="max-w-56" />
      )}
      <span className="tabular text-sm text-muted">{counted(view.steps.length, 'step')}</span>
      <SearchField label="Find a step" placeholder="Name, path or topic" value={text} onChange={search} />
    </>
  )
}

/** Takes back where nodes have been dragged. */
function Reset({ count, reset }: { count: number; reset: () => void }) {
  const [isAsking, setIsAsking] = useState(false)
  return (
    <>
      <Button look="quiet" icon={RotateCcw} onClick={() => setIsAsking(true)}>
        Reset positions
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Reset positions"
          deed={`Reset ${counted(count, 'position')}`}
          isDangerous={false}
          onConfirm={async () => reset()}
          onClose={() => setIsAsking(false)}
        >
          The steps of this flow go back to where the Workbench places them by itself. What motia-workbench.json says of
          other flows stays.
        </ConfirmDialog>
      )}
    </>
  )
}

function NoSteps() {
  return (
    <ScreenFrame title="Flow">
      <EmptyState icon={Workflow} title="This project has no steps yet" command="runtime generate step">
        A step is a file with a config and a handler below <code>steps/</code>. Here each becomes a node, with the topics
        that lead from one to the next. It appears as soon as the file is saved.
      </EmptyState>
    </ScreenFrame>
  )
}

function NoFlow({ name }: { name: string }) {
  return (
    <ScreenFrame title="Flow">
      <EmptyState
        icon={Workflow}
        title={`No step is in the flow “${name}”`}
        action={<Button onClick={() => navigate(places.screen('flow'))}>Show what there is</Button>}
      >
        A flow is there as soon as a step names it: <code>flows: [&apos;{name}&apos;]</code> in its config.
      </EmptyState>
    </ScreenFrame>
  )
}
