/* The images: which of them are shown, in which groups, and where the reviewer is. */
import { show } from './image.js'
import { lay, mark, reveal } from './grid.js'

export const $ = id => document.getElementById(id)

export const state = {
  items: [], places: new Map(), shown: [], here: 0,
  labels: [], label: 0,
  groups: [], required: null, masked: false,
}

/* After the end there is no page to say anything on. */
export const say = text => { const message = $('message'); if (message) message.textContent = text }
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

/* How many images are undecided, kept and dropped. */
function tally() {
  const count = { undecided: 0, open: 0, keep: 0, drop: 0 }
  for (const item of state.items) {
    if (!item.decided) count.undecided++
    count[item.decision]++
  }
  return count
}

/* What is searched of an image; made once, as there may be very many. */
const searched = item => item.searched ??= [item.id, item.caption, ...Object.values(item.words)].join('\n').toLowerCase()

function passing() {
  const filter = $('filter').value, text = $('search').value.trim().toLowerCase()
  const chosen = item => filter === 'all' || (filter === 'open' ? !item.decided : item.decision === filter)
  return item => chosen(item) && (!text || searched(item).includes(text))
}

/* The places of images by the word that they have: those of keys first, then the largest. */
function grouped(places, pointer) {
  const groups = new Map()
  for (const at of places) {
    const name = word(state.items[at], pointer)
    if (groups.has(name)) groups.get(name).push(at)
    else groups.set(name, [at])
  }
  const values = state.labels.find(one => one.pointer === pointer)?.values ?? []
  const rank = name => values.includes(name) ? values.indexOf(name) : values.length
  return [...groups].sort(([a, of_a], [b, of_b]) => rank(a) - rank(b) || of_b.length - of_a.length || (a < b ? -1 : 1))
}

/* Rebuilds what the filter shows; stays at the same image if it can. */
export function refresh() {
  const now = state.shown[state.here], pointer = $('group').value, passes = passing()
  const places = []
  state.items.forEach((item, at) => { if (passes(item)) places.push(at) })
  const groups = pointer ? grouped(places, pointer) : [['', places]]
  state.shown = groups.flatMap(([, members]) => members)
  lay(groups, Boolean(pointer))
  const again = state.shown.indexOf(now)
  go(again >= 0 ? again : Math.min(state.here, state.shown.length - 1))
}

/* How a decision looks. */
export const look = item => item.decided ? (item.decision === 'open' ? 'labelled' : item.decision) : 'undecided'

function counts() {
  const all = state.items.length, { undecided, keep, drop } = tally()
  const goal = state.required ?? all, left = Math.max(0, goal - (all - undecided))
  $('bar').max = Math.max(1, goal)
  $('bar').value = Math.min(goal, all - undecided)
  const needed = state.required === null || state.required === all ? '' : `, ${left} of them needed`
  $('counts').textContent = `${undecided} of ${all} undecided${needed}; ${keep} kept, ${drop} dropped; ${state.shown.length} shown`
  $('done').textContent = left ? `Done (${left} left)` : 'Done'
}

export function go(to) {
  state.here = Math.max(0, Math.min(to, state.shown.length - 1))
  counts()
  reveal(state.here)
  mark()
  show()
}

export function next() {
  const undecided = at => !state.items[at].decided
  const after = state.shown.findIndex((at, place) => place > state.here && undecided(at))
  const any = after >= 0 ? after : state.shown.findIndex(undecided)
  if (any >= 0) go(any)
  else say('all shown images are decided')
}
