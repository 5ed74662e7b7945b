import type { ReactNode } from 'react'

import { useQueues, useSchedules } from '../../../api/queries.ts'
import type { Project, Queue, Step, Trigger } from '../../../api/types.ts'
import { places } from '../../../app/places.ts'
import { ProblemList } from '../../../app/Problems.tsx'
import { Badge, KindBadge } from '../../../components/Badge.tsx'
import { CopyButton } from '../../../components/CopyButton.tsx'
import { Link } from '../../../components/Link.tsx'
import { Distance } from '../../../components/values.tsx'
import { formatCount } from '../../../format/count.ts'
import { runs, triggerText } from '../sizes.ts'
import { problemsOf } from '../trouble.ts'
import { useEmitted, useFault, useSeen } from '../useOverlay.ts'
import { outgoingOf, type Outgoing } from './connections.ts'
import { Runs, type ShowLine } from './Runs.tsx'
import { Facts, Section } from './Section.tsx'

/** All that is known of a step but its source. */
export function Overview({ project, step, showLine }: { project: Project; step: Step; showLine: ShowLine }) {
  const outgoing = outgoingOf(step, project.steps, useSeen())
  const fault = useFault(step.node ?? '')
  const problems = problemsOf(step, project.problems)
  return (
    <>
      {problems.length > 0 && (
        <Section title={problems.length > 1 ? 'Problems' : 'Problem'}>
          <ProblemList problems={problems} />
        </Section>
      )}
      {fault !== '' && (
        <Section title="Its custom node is not shown">
          <pre className="overflow-auto rounded-md bg-warn-soft p-2 font-mono text-sm whitespace-pre-wrap text-warn">{fault}</pre>
        </Section>
      )}
      {runs(step) && <Runs step={step} showLine={showLine} />}
      <Triggers step={step} />
      {outgoing.length > 0 && (
        <Section title="Emits">
          <ul className="flex flex-col gap-1">
            {outgoing.map((each) => (
              <Emit key={`${each.kind} ${each.topic}`} step={step} emit={each} steps={project.steps} />
            ))}
          </ul>
        </Section>
      )}
      {runs(step) && <Queues step={step} />}
      <Section title="Config">
        <Facts facts={factsOf(step)} />
      </Section>
    </>
  )
}

function Triggers({ step }: { step: Step }) {
  const schedule = useSchedules().data?.find((each) => each.step === step.name)
  const { triggers, virtualSubscribes } = step
  if (triggers.length + virtualSubscribes.length === 0) return null
  return (
    <Section title={triggers.length > 1 ? 'Triggers' : 'Trigger'}>
      <ul className="flex flex-col gap-1">
        {triggers.map((trigger, at) => (
          <li key={at} className="flex flex-wrap items-center gap-2">
            <KindBadge kind={trigger.kind} />
            <Target trigger={trigger} />
            {trigger.kind === 'cron' && schedule && (
              <span className="text-sm text-muted">
                next <Distance at={schedule.next} />
              </span>
            )}
          </li>
        ))}
        {virtualSubscribes.map(({ topic, label }) => (
          <li key={topic} className="flex items-center gap-2">
            <Badge>Virtual</Badge>
            <span className="font-mono text-sm">{topic}</span>
            <span className="text-muted">{label}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** A trigger with the way to try it. */
function Target({ trigger }: { trigger: Trigger }) {
  const text = <span className="font-mono text-sm [overflow-wrap:anywhere]">{triggerText(trigger)}</span>
  if (trigger.kind === 'api') return <Link to={places.endpoint(trigger.method, trigger.path)}>{text}</Link>
  if (trigger.kind === 'event') return <Link to={places.emit(trigger.topic)}>{text}</Link>
  return text
}

const KINDS: Record<Outgoing['kind'], ReactNode> = {
  real: null,
  virtual: <Badge title="Only drawn: no event goes this way">Virtual</Badge>,
  undeclared: (
    <Badge tone="warn" title="It was emitted, though the config does not declare it: add it to emits">
      Undeclared
    </Badge>
  ),
}

function Emit({ step, emit: { topic, label, kind, isConditional, takers }, steps }: { step: Step; emit: Outgoing; steps: readonly Step[] }) {
  const count = useEmitted(step.name, topic)
  return (
    <li className="flex flex-wrap items-center gap-x-2">
      <span className="font-mono text-sm">{topic}</span>
      {KINDS[kind]}
      {isConditional && <Badge>if</Badge>}
      {label !== '' && <span className="text-muted">{label}</span>}
      {kind !== 'virtual' && count > 0 && <span className="tabular text-sm text-muted">{formatCount(count)}×</span>}
      {kind !== 'virtual' && takers.length === 0 && <span className="text-sm text-warn">no step takes it</span>}
      {takers.map((name) => (
        <Link key={name} to={places.step(name, steps.find((each) => each.name === name)?.flows[0] ?? '')} className="text-sm text-accent hover:underline">
          → {name}
        </Link>
      ))}
    </li>
  )
}

function Queues({ step }: { step: Step }) {
  const queues = useQueues().data?.filter((queue) => queue.step === step.name) ?? []
  if (queues.length === 0) return null
  return (
    <Section title={queues.length > 1 ? 'Queues' : 'Queue'}>
      {queues.map((queue) => (
        <div key={`${queue.kind} ${queue.topic}`} className="mb-2 last:mb-0">
          <div className="flex flex-wrap items-center gap-2">
            <Link to={places.queue(queue)}>{queue.topic || queue.kind}</Link>
            {queue.paused && <Badge tone="warn">paused</Badge>}
            <span className="tabular text-sm text-muted">
              {queue.waiting} waiting · {queue.delayed} delayed · {queue.inFlight} in flight ·{' '}
              <span className={queue.dead > 0 ? 'font-medium text-bad' : ''}>{queue.dead} dead</span>
            </span>
          </div>
          {queue.policy && <p className="text-sm text-faint">{policyText(queue.policy)}</p>}
        </div>
      ))}
    </Section>
  )
}

function policyText({ type, concurrency, maxRetries, delaySeconds }: NonNullable<Queue['policy']>): string {
  const delay = delaySeconds > 0 ? `, each waits ${delaySeconds} s first` : ''
  return `${type}, ${concurrency} at once, at most ${maxRetries} ${maxRetries === 1 ? 'retry' : 'retries'}${delay}`
}

function FilePath({ file }: { file: string }) {
  return (
    <span className="-my-1 inline-flex max-w-full items-center gap-1">
      <code className="font-mono text-sm">{file}</code>
      <CopyButton text={file} label="Copy path" />
    </span>
  )
}

function factsOf({ type, file, language, flows, timeout, atomic, description }: Step): (readonly [string, ReactNode])[] {
  return [
    ['Type', type],
    ['File', <FilePath file={file} />],
    ...(description === '' ? [] : [['Description', description] as const]),
    ...(type === 'noop' ? [] : [['Language', language] as const, ['Time limit', `${timeout} s`] as const, ['Atomic', atomic ? 'yes' : 'no'] as const]),
    ['Flows', flows.length === 0 ? 'none' : flows.join(', ')],
  ]
}
