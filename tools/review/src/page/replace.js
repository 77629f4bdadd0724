/* Search and replace in the captions of the shown images: one change, which can be taken back. */
import { $, state } from './list.js'
import { decide } from './decide.js'

/* A text as it is: signs that have a meaning in a pattern have none. */
const literal = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function pattern() {
  const text = $('find').value
  if (!text) return null
  // A word ends where no letter or digit follows, in whatever script.
  const edge = $('words').checked ? ['(?<![\\p{L}\\p{N}_])', '(?![\\p{L}\\p{N}_])'] : ['', '']
  return new RegExp(edge[0] + literal(text) + edge[1], 'gu')
}

/* Without what a tag that went away leaves: a comma too many, two spaces. */
const tidy = caption => $('with').value ? caption : caption.replace(/(, *)+,/g, ',').replace(/ {2,}/g, ' ').replace(/^[, ]+|[, ]+$/g, '')

/* The images whose captions change, and how these read then. */
function changes() {
  const searched = pattern()
  if (!searched) return []
  const shown = state.shown.map(at => state.items[at])
  return shown.flatMap(item => {
    const caption = tidy(item.caption.replace(searched, () => $('with').value))
    return caption === item.caption || !item.caption.match(searched) ? [] : [{ item, caption }]
  })
}

function preview() {
  const found = changes()
  $('found').textContent = $('find').value ? `in ${found.length} of ${state.shown.length} shown captions` : ''
  $('do-replace').disabled = !found.length
  $('preview').replaceChildren(...found.slice(0, 20).map(({ item, caption }) => {
    const line = document.createElement('li'), before = document.createElement('del'), after = document.createElement('ins')
    before.textContent = item.caption
    after.textContent = caption
    line.append(before, document.createElement('br'), after)
    return line
  }))
}

export function openReplace() {
  const dialog = $('replace')
  dialog.returnValue = ''
  dialog.onclose = () => {
    if (dialog.returnValue !== 'replace') return
    const found = new Map(changes().map(({ item, caption }) => [item, caption]))
    decide([...found.keys()], item => ({ caption: found.get(item) }))
  }
  preview()
  dialog.showModal()
  $('find').focus()
}

for (const id of ['find', 'with', 'words']) $(id).oninput = preview
