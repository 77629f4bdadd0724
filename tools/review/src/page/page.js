/* The page: its keys and fields, and what it begins with. */
import { $, current, go, groupOf, label, next, plain, refresh, say, state } from './list.js'
import { lay } from './grid.js'
import { nameDialog, show, toggleMask } from './image.js'
import { ask, decide, forget, inTurn, saveCaption, setLabel, undo } from './decide.js'
import { openReplace } from './replace.js'

const one = () => [current()]
const whole = () => {
  if ($('group').value) return groupOf(current())
  say('choose first what to group by: g')
  return []
}
const turn = field => { field.selectedIndex = (field.selectedIndex + 1) % field.length; refresh() }
const clear = () => { $('search').value = ''; refresh() }

const keys = {
  k: () => decide(one(), () => ({ decision: 'keep' }), true),
  d: () => decide(one(), () => ({ decision: 'drop' }), true),
  o: () => forget(one()),
  K: () => decide(whole(), () => ({ decision: 'keep' })),
  D: () => decide(whole(), () => ({ decision: 'drop' })),
  O: () => forget(whole()),
  u: undo, n: next, m: toggleMask,
  ArrowRight: () => go(state.here + 1), ArrowLeft: () => go(state.here - 1),
  ArrowDown: () => go(state.here + 1), ArrowUp: () => go(state.here - 1),
  t: () => { state.label = (state.label + 1) % Math.max(1, state.labels.length); show() },
  f: () => turn($('filter')),
  g: () => turn($('group')),
  Escape: clear,
}

/* Keys that open a field: what is typed after them is its text. */
const fields = {
  c: () => $('caption').focus(),
  l: () => nameDialog(false),
  L: () => { if (whole().length) nameDialog(true) },
  r: openReplace,
  '/': () => $('search').focus(),
}

function inField(event, field) {
  if (event.key === 'Escape') {
    if (field.id === 'caption') field.value = current()?.caption ?? ''
    if (field.id === 'search') clear()
    field.blur()
  }
  if (event.key === 'Enter' && field.id === 'caption' && !event.shiftKey) {
    const item = current(), text = field.value.trim()
    act(event, () => saveCaption(item, text))
    field.blur()
  }
  if (event.key === 'Enter' && field.id === 'search') field.blur()
}

/* One after the other: a key that is pressed while the last is being saved is meant for the image that comes then. */
let pressed = Promise.resolve(), opening = false
const act = (event, what) => { event.preventDefault(); pressed = pressed.then(what).catch(error => say(error.message)) }
const setDigit = (digit, of) => {
  const value = digit === '0' ? 'unknown' : label().values[digit - 1]
  if (value !== undefined) return setLabel(of(), value)
}

document.onkeydown = event => {
  // A dialog that has just closed keeps the focus until the page is drawn anew; its keys are no longer for it.
  const dialog = event.target.closest('dialog')
  if (event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return
  const field = dialog ? null : event.target.closest('input, textarea, select')
  if (field) return inField(event, field)
  // The field of the last key is not open yet: its text is no command.
  if (opening) return event.preventDefault()
  say('')
  // By its place on the keyboard: some have other signs there, and with Shift all have.
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1] ?? /^[0-9]$/.exec(event.key)?.[0]
  if (digit && label()) act(event, () => setDigit(digit, event.shiftKey ? whole : one))
  else if (Object.hasOwn(keys, event.key)) act(event, keys[event.key])
  else if (Object.hasOwn(fields, event.key)) {
    opening = true
    act(event, () => { opening = false; fields[event.key]() })
  }
}

for (const id of ['filter', 'group']) $(id).onchange = () => { refresh(); $(id).blur() }
$('search').oninput = refresh
$('open-replace').onclick = openReplace
async function end() {
  if (!await ask('done', {})) return
  // Whatever is still on its way is of no image any more.
  state.shown = []
  lay([], false)
  document.body.textContent = 'Done. You can close this page.'
}
$('done').onclick = event => act(event, () => inTurn(end))

const answer = await ask('list')
if (answer) {
  const { items, labels, groups, required } = answer
  $('decisions').textContent = `keep, ${answer.drop_means}`
  Object.assign(state, { items, labels, groups, required, places: new Map(items.map((item, at) => [item.id, at])) })
  for (const pointer of groups) $('group').add(new Option(plain(pointer), pointer))
  $('by').hidden = !groups.length
  refresh()
}
