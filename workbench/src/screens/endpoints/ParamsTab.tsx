import type { Draft } from './draft.ts'
import type { Endpoint } from './endpoints.ts'
import { Hint, PairRows, ParameterName, ValueInput } from './PairRows.tsx'
import { pathParameters, queryParameters } from './parameters.ts'

interface ParamsTabProps {
  endpoint: Endpoint
  draft: Draft
  onChange: (change: Partial<Draft>) => void
}

export function ParamsTab({ endpoint: { trigger }, draft: { path, query }, onChange }: ParamsTabProps) {
  const parts = pathParameters(trigger)
  return (
    <div className="flex flex-col gap-4 p-3">
      {parts.length > 0 && (
        <section aria-label="Path" className="flex flex-col gap-1.5">
          <h3 className="text-sm font-medium text-muted">Path</h3>
          {parts.map((parameter) => (
            <div key={parameter.name} className="grid grid-cols-[16px_minmax(80px,2fr)_minmax(100px,3fr)_28px] items-center gap-x-2">
              <span />
              <ParameterName parameter={parameter} />
              <ValueInput
                label={`Value of ${parameter.name}`}
                value={path[parameter.name] ?? ''}
                parameter={parameter}
                onChange={(value) => onChange({ path: { ...path, [parameter.name]: value } })}
              />
              <span />
              <Hint parameter={parameter} />
            </div>
          ))}
        </section>
      )}
      <section aria-label="Query" className="flex flex-col gap-1.5">
        <h3 className="text-sm font-medium text-muted">Query</h3>
        <PairRows noun="parameter" pairs={query} known={queryParameters(trigger)} onChange={(pairs) => onChange({ query: pairs })} />
      </section>
    </div>
  )
}
