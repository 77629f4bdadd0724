/* The image that the reviewer is at: its pixels, its labels, its facts. */
import { $, state, current, groupOf, label, look, plain, say, word } from './list.js'
import { ask, decide, setLabel } from './decide.js'

const element = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text, ...more })

export async function show() {
  const item = current(), at = state.shown[state.here]
  legend(item)
  if (!item) {
    $('image').removeAttribute('src')
    $('name').textContent = 'no images to show'
    $('caption').value = $('record').textContent = ''
    $('facts').replaceChildren()
    return
  }
  pixels(at)
  $('image').className = look(item)
  $('name').textContent = `${item.id}  (${state.here + 1} of ${state.shown.length})`
  $('caption').value = item.caption
  $('caption').className = item.recaptioned ? 'changed' : ''
  item.facts ??= await ask('item/' + at)
  if (item !== current()) return
  $('facts').replaceChildren(...facts(item))
  $('record').textContent = JSON.stringify(item.facts, null, 1)
  const following = state.shown[state.here + 1]
  if (following !== undefined) new Image().src = 'image/' + following
}

function pixels(at) {
  const image = $('image'), source = (state.masked ? 'mask/' : 'image/') + at
  if (image.getAttribute('src') === source) return
  image.onerror = () => say(`${current()?.id}: the image ${state.masked ? 'or its mask ' : ''}cannot be shown`)
  image.src = source
}

export function toggleMask() {
  state.masked = !state.masked
  say(state.masked ? 'with its mask' : '')
  if (current()) pixels(state.shown[state.here])
}

/* What the number keys set, and what the image has of it. */
function legend(item) {
  const buttons = state.labels.map((one, place) => {
    const button = element('button', `${plain(one.pointer)}: ${item ? word(item, one.pointer) || 'none' : ''}`, { className: 'label' })
    button.setAttribute('aria-current', place === state.label)
    button.onclick = () => { state.label = place; show() }
    return button
  })
  const active = label()
  const keys = active ? [...active.values.map((value, at) => [at + 1, value]), [0, 'unknown']] : []
  for (const [key, value] of keys) {
    const button = element('button', '')
    button.append(element('kbd', key), ' ' + value)
    button.setAttribute('aria-pressed', Boolean(item) && word(item, active.pointer) === value)
    button.onclick = () => setLabel([current()], value)
    buttons.push(button)
  }
  $('legend').replaceChildren(...buttons)
  const pointer = $('group').value, group = groupOf(item)
  const all = (text, key, act) => { const button = element('button', ''); button.append(element('kbd', key), ' ' + text); button.onclick = act; return button }
  $('group-bar').replaceChildren(...(!pointer || !item ? [] : [
    `${plain(pointer)} ${word(item, pointer) || 'none'}, all ${group.length}:`,
    all('keep', 'K', () => decide(groupOf(current()), () => ({ decision: 'keep' }))),
    all('drop', 'D', () => decide(groupOf(current()), () => ({ decision: 'drop' }))),
    ...active ? [all(`set ${plain(active.pointer)}`, 'L', () => nameDialog(true))] : [],
  ]))
}

/* Asks for a word to set, of one image or of its whole group. */
export function nameDialog(whole) {
  const active = label(), members = whole ? groupOf(current()) : [current()]
  if (!current()) return
  const known = new Set(active ? state.items.map(item => word(item, active.pointer)).filter(Boolean) : [])
  $('known').replaceChildren(...[...known].sort().map(value => element('option', '', { value })))
  $('name-of').textContent = `${active ? plain(active.pointer) : 'a value'} of ${members.length === 1 ? members[0].id : `all ${members.length} images of the group`}`
  const field = $('new-name'), dialog = $('name-dialog')
  field.value = ''
  dialog.returnValue = ''
  dialog.onclose = () => { if (dialog.returnValue === 'set') setLabel(members, field.value) }
  dialog.showModal()
  field.focus()
}

/* Rows of the facts: what was set here, labels with their scores, and all else that is short. */
function facts(item) {
  const rows = Object.entries(item.set).map(([pointer, value]) => row(plain(pointer), spell(value), undefined, 'mine'))
  // What keys set comes first, and what stands for nothing a person can see is in the record below.
  const labelled = state.labels.map(one => one.pointer.split('/')[1])
  const entries = Object.entries(item.facts ?? {}).sort(([a], [b]) => labelled.includes(b) - labelled.includes(a))
  const passed = ['quality', 'balance', 'instance', 'parent', 'id', 'image', 'mask', 'masks', 'caption', 'embedding', 'models', 'width', 'height', 'format', 'facts', 'dedup', 'review']
  for (const [key, value] of entries) if (!passed.includes(key)) rows.push(...told(key, value))
  return rows
}

const spell = value => Array.isArray(value) ? value.map(one => Array.isArray(one) ? one[0] : one).join(', ') : typeof value === 'string' ? value : JSON.stringify(value)
const scored = value => Array.isArray(value) && value.length && value.every(one => Array.isArray(one) && one.length === 2 && typeof one[0] === 'string' && typeof one[1] === 'number')

function told(name, value) {
  if (scored(value)) return value.slice(0, 3).map(([one, score], at) => row(at ? '' : name, one, score))
  if (value && typeof value === 'object' && !Array.isArray(value)) {
    const members = Object.entries(value).filter(([key]) => key !== 'features')
    if (/ scores( |$)/.test(' ' + name) && members.every(([, score]) => typeof score === 'number')) {
      return members.sort(([, a], [, b]) => b - a).slice(0, 3).map(([one, score], at) => row(at ? '' : name, one, score))
    }
    return members.flatMap(([key, member]) => told(`${name} ${key.replaceAll('_', ' ')}`, member))
  }
  const sure = /( |^)(score|margin|intensity score)$/.test(name) && typeof value === 'number' ? value : undefined
  return [row(name, spell(value), sure)]
}

function row(name, text, score, kind = '') {
  const line = element('tr', '', { className: kind }), cell = element('td', text)
  if (score !== undefined) cell.append(element('meter', '', { min: 0, max: 1, value: score, title: String(score) }), ' ' + score.toFixed(2))
  line.append(element('th', name), cell)
  return line
}
