/* The images: which of them are shown, in which groups, and where the reviewer is. */
import { show } from './image.js'

export const $ = id => document.getElementById(id)

export const state = {
  items: [], shown: [], here: 0,
  labels: [], label: 0,
  groups: [], required: null, masked: false,
}

export const say = text => { $('message').textContent = text }
export const current = () => state.items[state.shown[state.here]]
export const label = () => state.labels[state.label]
/* What an image has at a pointer, or nothing. */
export const word = (item, pointer) => item.words[pointer] ?? ''
/* The images of the group that an image is in; where there are no groups, itself. */
export const groupOf = item => {
  const pointer = $('group').value
  if (!pointer || !item) return item ? [item] : []
  return state.shown.map(at => state.items[at]).filter(other => word(other, pointer) === word(item, pointer))
}
/* A pointer as words: `/light/time` is `light time`, `/tags/location` is `location`, and `/emotion/label` is `emotion`. */
export const plain = pointer => pointer.slice(1).replace(/^tags\//, '').replace(/\/(label|id|name)$/, '').replaceAll('/', ' ').replaceAll('_', ' ')

export const left = () => {
  const undecided = state.items.filter(item => !item.decided).length
  if (state.required === null) return undecided
  return Math.max(0, state.required - (state.items.length - undecided))
}

const passes = item => {
  const filter = $('filter').value, text = $('search').value.trim().toLowerCase()
  const chosen = filter === 'all' || (filter === 'open' ? !item.decided : item.decision === filter)
  return chosen && (!text || [item.id, item.caption, ...Object.values(item.words)].some(one => one.toLowerCase().includes(text)))
}

function tile(at) {
  const item = state.items[at]
  if (item.figure) return item.figure
  const figure = document.createElement('figure'), image = document.createElement('img')
  image.loading = 'lazy'
  image.src = 'thumbnail/' + at
  image.alt = figure.title = item.id
  figure.append(image)
  figure.onclick = () => go(state.shown.indexOf(at))
  item.figure = figure
  return figure
}

/* The places of images by the word that they have: those of keys first, then the largest. */
function grouped(places, pointer) {
  const groups = new Map()
  for (const at of places) {
    const name = word(state.items[at], pointer)
    groups.set(name, [...groups.get(name) ?? [], at])
  }
  const values = state.labels.find(one => one.pointer === pointer)?.values ?? []
  const rank = name => values.includes(name) ? values.indexOf(name) : values.length
  return [...groups].sort(([a, of_a], [b, of_b]) => rank(a) - rank(b) || of_b.length - of_a.length || (a < b ? -1 : 1))
}

function heading(name, places) {
  const title = document.createElement('h3'), count = document.createElement('span')
  const undecided = places.filter(at => !state.items[at].decided).length
  title.textContent = name || 'none'
  title.dataset.group = name
  count.textContent = `${undecided} of ${places.length} left`
  title.append(count)
  title.onclick = () => go(state.shown.indexOf(places.find(at => !state.items[at].decided) ?? places[0]))
  return title
}

/* Rebuilds what the filter shows; stays at the same image if it can. */
export function refresh() {
  const now = state.shown[state.here], pointer = $('group').value
  const places = state.items.map((_, at) => at).filter(at => passes(state.items[at]))
  const groups = pointer ? grouped(places, pointer) : [['', places]]
  state.shown = groups.flatMap(([, members]) => members)
  $('grid').replaceChildren(...groups.flatMap(([name, members]) => [...pointer ? [heading(name, members)] : [], ...members.map(tile)]))
  const again = state.shown.indexOf(now)
  go(again >= 0 ? again : Math.min(state.here, state.shown.length - 1))
}

/* How a decision looks. */
export const look = item => item.decided ? (item.decision === 'open' ? 'labelled' : item.decision) : 'undecided'

function counts() {
  const all = state.items.length, of = what => state.items.filter(item => item.decision === what).length
  const undecided = state.items.filter(item => !item.decided).length
  const goal = state.required ?? all
  $('bar').max = Math.max(1, goal)
  $('bar').value = Math.min(goal, all - undecided)
  const needed = state.required === null || state.required === all ? '' : `, ${left()} of them needed`
  $('counts').textContent = `${undecided} of ${all} undecided${needed}; ${of('keep')} kept, ${of('drop')} dropped; ${state.shown.length} shown`
  $('done').textContent = left() ? `Done (${left()} left)` : 'Done'
  for (const item of state.items) {
    const name = look(item) + (item === current() ? ' here' : '')
    if (item.figure && item.figure.className !== name) item.figure.className = name
  }
}

export function go(to) {
  state.here = Math.max(0, Math.min(to, state.shown.length - 1))
  counts()
  current()?.figure.scrollIntoView({ block: 'nearest' })
  show()
}

export function next() {
  const undecided = at => !state.items[at].decided
  const after = state.shown.findIndex((at, place) => place > state.here && undecided(at))
  const any = after >= 0 ? after : state.shown.findIndex(undecided)
  if (any >= 0) go(any)
  else say('all shown images are decided')
}
