// The page itself: builds every element by hand, so that nothing that comes from a schema or an answer is ever markup.
'use strict'

const MAX_SHOWN_CHARACTERS = 1_000_000

function element(tag, properties = {}, ...children) {
  const { attributes = {}, ...rest } = properties
  const made = Object.assign(document.createElement(tag), rest)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Shows all operations, those of several tags under each. */
function show(openapi) {
  document.title = document.getElementById('title').textContent = openapi.info.title
  const operations = operationsOf(openapi)
  const tags = [...(openapi.tags ?? []).map((tag) => tag.name), undefined]
  const sections = tags.map((tag) => {
    const mine = operations.filter((each) => (tag === undefined ? !each.tags?.length : each.tags?.includes(tag)))
    const heading = element('h2', { textContent: tag ?? (tags.length > 1 ? 'other' : 'routes') })
    return mine.length ? element('section', {}, heading, ...mine.map((each) => card(openapi, each))) : ''
  })
  const main = document.getElementById('operations')
  main.replaceChildren(...sections)
  if (!operations.length) main.textContent = 'No step serves a route yet.'
  main.setAttribute('aria-busy', 'false')
}

function card(openapi, operation) {
  const summary = element(
    'summary',
    {},
    element('span', { className: 'method', textContent: operation.method }),
    element('span', { className: 'path', textContent: operation.path }),
    element('span', { className: 'about', textContent: operation.description ?? operation.summary ?? '' }),
  )
  const details = element('details', { className: 'operation' }, summary)
  details.dataset.words = `${operation.method} ${operation.path} ${summary.textContent} ${operation.operationId}`.toLowerCase()
  // The form is made when it is looked at: a document of hundreds of operations opens at once.
  details.addEventListener('toggle', () => details.append(form(openapi, operation)), { once: true })
  return details
}

function form(openapi, operation) {
  const parameters = operation.parameters ?? []
  const groups = [
    ['path', 'Path'],
    ['query', 'Query'],
  ].map(([place, legend]) => {
    const mine = parameters.filter((parameter) => parameter.in === place)
    const fields = mine.map((parameter) => parameterField(openapi, parameter))
    return mine.length ? element('fieldset', {}, element('legend', { textContent: legend }), ...fields) : ''
  })
  const media = Object.keys(operation.requestBody?.content ?? {})[0]
  const send = element('button', { type: 'submit', textContent: 'Send' })
  const stop = element('button', { type: 'button', className: 'plain', textContent: 'Stop', disabled: true })
  const answer = element('div', { attributes: { role: 'status', 'aria-live': 'polite' } })
  const made = element(
    'form',
    { noValidate: true },
    ...groups,
    field('Headers', element('textarea', { name: 'headers', rows: 2, value: media ? `content-type: ${typeOf(media)}` : '' })),
    media ? field('Body', bodyArea(openapi, operation.requestBody.content[media])) : '',
    element('div', {}, send, ' ', stop),
    answer,
  )
  made.addEventListener('submit', (event) => {
    event.preventDefault()
    void carryOut(openapi, operation, new FormData(made), { send, stop, answer })
  })
  made.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) made.requestSubmit()
  })
  return made
}

function typeOf(media) {
  return media.includes('*') ? 'application/json' : media
}

function bodyArea(openapi, content) {
  const value = content.schema === undefined ? '' : JSON.stringify(sample(openapi, content.schema), null, 2)
  const rows = Math.min(20, value.split('\n').length + 1)
  return element('textarea', { name: 'body', rows, value, spellcheck: false })
}

function field(label, input, hint = '') {
  const note = hint ? [element('small', { textContent: hint })] : []
  return element('label', { className: 'field' }, element('span', { textContent: label }), input, ...note)
}

function parameterField(openapi, parameter) {
  const schema = resolve(openapi, parameter.schema) ?? {}
  const name = `${parameter.in}.${parameter.name}`
  const isDeep = parameter.style === 'deepObject'
  const hints = [
    parameter.description,
    isDeep ? 'As JSON.' : '',
    isList(openapi, parameter) ? 'One value a line.' : '',
    [schema.type, schema.format].flat().filter(Boolean).join(', '),
  ]
  const value = parameter.required && !isDeep ? [sample(openapi, parameter.schema) ?? ''].flat().join('\n') : ''
  const input = schema.enum
    ? element('select', { name }, ...choices(schema.enum, parameter.required))
    : element(isDeep || isList(openapi, parameter) ? 'textarea' : 'input', { name, value, autocomplete: 'off' })
  return field(parameter.name + (parameter.required ? ' *' : ''), input, hints.filter(Boolean).join(' '))
}

function choices(values, isRequired) {
  const texts = values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)))
  return (isRequired ? texts : ['', ...texts]).map((text) => element('option', { value: text, textContent: text || '—' }))
}

/** Sends what the form says and shows what comes back, or why nothing does. */
async function carryOut(openapi, operation, data, { send, stop, answer }) {
  const giveUp = new AbortController()
  stop.onclick = () => giveUp.abort()
  send.disabled = true
  stop.disabled = false
  answer.replaceChildren('…')
  try {
    const texts = Object.fromEntries(data)
    const body = texts.body === undefined || texts.body === '' ? undefined : texts.body
    const url = address(openapi, operation, texts)
    const request = { method: operation.method, url, headers: headersOf(texts.headers), body }
    await exchange(request, giveUp.signal, answer)
  } catch (error) {
    const message = error.name === 'AbortError' ? 'Stopped.' : `${error.message}`
    answer.append(element('p', { className: 'bad', textContent: message }))
  } finally {
    send.disabled = false
    stop.disabled = true
  }
}

async function exchange(request, signal, answer) {
  const { method, headers, body } = request
  const began = performance.now()
  const response = await fetch(request.url, { method, headers, body, signal, redirect: 'manual', cache: 'no-store' })
  const status = element('strong', {
    className: response.ok ? 'good' : 'bad',
    textContent: response.type === 'opaqueredirect' ? 'a redirect' : `${response.status} ${response.statusText}`,
  })
  const timing = element('span', { textContent: ` after ${Math.round(performance.now() - began)} ms` })
  const received = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const shown = element('pre', { attributes: { tabindex: '0' } })
  const folded = (title, text) =>
    element('details', {}, element('summary', { textContent: title }), element('pre', { textContent: text }))
  const asCommand = folded('As a command', curl(location.origin, request))
  answer.replaceChildren(element('p', {}, status, timing), folded('Headers', received), asCommand, shown)
  await showBody(response, shown)
  timing.textContent += `, complete after ${Math.round(performance.now() - began)} ms`
}

/** Shows a body while it comes, JSON once more when it is whole. */
async function showBody(response, shown) {
  if (response.body === null) return
  const type = response.headers.get('content-type') ?? ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += decoder.decode(piece.value, { stream: true })
    if (text.length > MAX_SHOWN_CHARACTERS) {
      await reader.cancel()
      shown.textContent = `${text.slice(0, MAX_SHOWN_CHARACTERS)}\n… the rest is not shown`
      return
    }
    shown.textContent = text
  }
  if (/^application\/(json|[^;]*\+json)/.test(type)) shown.textContent = indented(text)
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch (error) {
    return `${text}\n\n(this is not the JSON that its content type promises: ${error.message})`
  }
}

function filter() {
  const words = document.getElementById('filter').value.toLowerCase().split(/\s+/)
  for (const each of document.querySelectorAll('details.operation')) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word))
  }
}

async function start() {
  document.getElementById('filter').addEventListener('input', filter)
  const main = document.getElementById('operations')
  try {
    const response = await fetch('/openapi.json')
    if (!response.ok) throw new Error(`/openapi.json answers ${response.status}; is http.openapi off?`)
    show(await response.json())
  } catch (error) {
    main.replaceChildren(element('p', { className: 'bad', textContent: error.message }))
    main.setAttribute('aria-busy', 'false')
  }
}

void start()
