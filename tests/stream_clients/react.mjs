// The page of the React client, in strict mode: every subscription is made, given up and made again.

import { StrictMode, createElement as h, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

import { MotiaStreamProvider, useStreamEventHandler, useStreamGroup, useStreamItem } from '@motiadev/stream-client-react'

const root = createRoot(document.getElementById('root'))

function Group({ name, stream, group, sortKey, types }) {
  const { data, event } = useStreamGroup({ streamName: stream, groupId: group, sortKey })
  return h(Told, { name, view: data, event, types })
}

function Item({ name, stream, group, id, types }) {
  const { data, event } = useStreamItem({ streamName: stream, groupId: group, id })
  return h(Told, { name, view: data ?? null, event, types })
}

function Told({ name, view, event, types }) {
  useEffect(() => {
    window.tell({ name, view })
  }, [name, view])
  return types.map((type) => h(Heard, { key: type, name, type, event }))
}

function Heard({ name, type, event }) {
  useStreamEventHandler({ event, type, listener: (data) => window.tell({ name, event: { type, data } }) }, [name])
  return null
}

function App() {
  const [subscriptions, setSubscriptions] = useState([])
  useEffect(() => {
    const add = (part) => (command) => setSubscriptions((now) => [...now, { types: [], ...command, part }])
    const hear = ({ name, type }) =>
      setSubscriptions((now) => now.map((each) => (each.name === name ? { ...each, types: [...each.types, type] } : each)))
    const leave = ({ name }) => setSubscriptions((now) => now.filter((each) => each.name !== name))
    const commands = { group: add(Group), item: add(Item), hear, leave, close: () => root.unmount() }
    window.run = (command) => commands[command.do](command)
  }, [])
  return subscriptions.map(({ part, ...given }) => h(part, { key: given.name, ...given }))
}

const { address, protocols } = window
root.render(h(StrictMode, null, h(MotiaStreamProvider, { address, protocols }, h(App))))
