/* Decisions: sent to the server, which has them on the disk before it answers. */
import { $, state, go, label, refresh, say } from './list.js'

/* Changes come one after the other: each begins with what the last one has made of the images. */
let last = Promise.resolve()
export const inTurn = change => last = last.then(change, change)

export async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  }).catch(() => null)
  if (!answer) { say('the server has ended: changes are no longer saved'); return null }
  if (!answer.ok) { say((await answer.text()).trim() || answer.statusText); return null }
  return answer.status === 204 ? true : answer.json()
}

/* Takes in what the server says of images; the first of them that the manifest has. */
function take(answer) {
  let first
  for (const row of answer.rows) {
    const at = state.places.get(row.id)
    if (at === undefined) continue
    Object.assign(state.items[at], row, { searched: undefined })
    first ??= at
  }
  return first
}

/* All that is decided of an image, with a change. */
function whole(item, change) {
  const decision = { id: item.id, decision: item.decision, set: item.set }
  if (item.recaptioned) decision.caption = item.caption
  return Object.assign(decision, change)
}

/* Changes images, all of them as one change; `changes` says of each what. */
export const decide = (items, changes, onwards) => inTurn(() => change(items, changes, onwards))

async function change(items, changes, onwards) {
  items = items.filter(Boolean)
  if (!items.length) return
  const answer = await ask('decide', items.map(item => whole(item, changes(item))))
  if (!answer) return
  take(answer)
  if (items.length > 1) say(`${items.length} images changed; u takes it back`)
  if ($('filter').value !== 'all' || $('search').value || $('group').value) {
    const stays = state.here
    refresh()
    if (onwards && state.shown[stays] !== undefined && state.items[state.shown[stays]] === items[0]) go(stays + 1)
  } else go(onwards ? state.here + 1 : state.here)
}

/* Forgets all that was decided of images. */
export const forget = items => decide(items, item => ({ id: item.id, decision: 'open', set: {}, caption: undefined }))

/* Sets the label of images, or with `/pointer=value` anything. */
export function setLabel(items, text) {
  text = text.trim()
  let pointer = label()?.pointer, value = text
  if (text.startsWith('/')) {
    const cut = text.indexOf('=')
    if (cut < 2) return say('write it in the form /light/time=night')
    pointer = text.slice(0, cut).trim()
    value = text.slice(cut + 1).trim()
    try { value = JSON.parse(value) } catch { /* a plain word is itself */ }
  }
  if (!pointer || value === '') return say(pointer ? 'no word was given' : 'there is no label to set: write it in the form /light/time=night')
  // The record has labels of a group in a list, with their scores; a person is sure.
  if (typeof value === 'string' && pointer.startsWith('/tags/')) value = [[value, 1]]
  return decide(items, item => ({ set: { ...item.set, [pointer]: value } }))
}

export const undo = () => inTurn(takeBack)

async function takeBack() {
  const answer = await ask('undo', {})
  if (!answer) return
  const at = take(answer)
  if (at === undefined) return refresh()
  if (!state.shown.includes(at)) { $('filter').value = 'all'; $('search').value = '' }
  refresh()
  go(state.shown.indexOf(at))
  say(answer.rows.length > 1 ? `${answer.rows.length} images as before` : '')
}

export const saveCaption = (item, text) => { if (item && text !== item.caption) return decide([item], () => ({ caption: text })) }
