/* The small images: of all that are shown, however many, only those in sight are in the page. */
import { current, go, look, state } from './list.js'

/* What is beyond the window is there already for so many pixels. */
const BEYOND = 400

/* From top to bottom: headings, and lines of images; where each begins, in pixels, and which images of `shown` it has. */
let lines = [], height = 0, titled = [], columns = 1
/* The images in the page, by their place in `items`. */
let figures = new Map()

const grid = document.getElementById('grid')

/* The heights of a line and a heading, as the style sheet has them. */
const size = name => parseFloat(getComputedStyle(grid).getPropertyValue(name)) * parseFloat(getComputedStyle(document.documentElement).fontSize)
const columnsNow = () => getComputedStyle(grid).gridTemplateColumns.split(' ').length

/* Lays the groups out anew; with their names above them, if they have names. */
export function lay(groups, named) {
  titled = groups.map(([name, members]) => ({ name, members, named }))
  figures = new Map()
  place()
}

function place() {
  columns = columnsNow()
  const gap = parseFloat(getComputedStyle(grid).rowGap), line = size('--line-height') + gap, heading = size('--heading-height') + gap
  lines = []
  height = 0
  let first = 0
  for (const { name, members, named } of titled) {
    if (named) {
      lines.push({ top: height, name, members })
      height += heading
    }
    for (let from = 0; from < members.length; from += columns) {
      lines.push({ top: height, from: first + from, to: first + Math.min(from + columns, members.length) })
      height += line
    }
    first += members.length
  }
  draw()
}

/* The number of the last line that begins at or above a height. */
function lineAt(top) {
  let from = 0, to = lines.length
  while (to - from > 1) {
    const middle = (from + to) >> 1
    if (lines[middle].top <= top) from = middle
    else to = middle
  }
  return from
}

/* Puts what is in sight into the page, with as much room before and after it as the rest would take. */
function draw() {
  const from = lineAt(grid.scrollTop - BEYOND), to = Math.min(lines.length, lineAt(grid.scrollTop + grid.clientHeight + BEYOND) + 1)
  const kept = new Map(), children = []
  for (const line of lines.slice(from, to)) {
    if (line.name !== undefined) children.push(heading(line.name, line.members))
    for (let place = line.from; place < line.to; place++) {
      const at = state.shown[place], figure = figures.get(at) ?? tile(at)
      kept.set(at, figure)
      children.push(figure)
    }
  }
  figures = kept
  grid.style.setProperty('--before', `${lines[from]?.top ?? 0}px`)
  grid.style.setProperty('--after', `${height - (lines[to]?.top ?? height)}px`)
  // Those that stay are not taken out and put in again, which would load them anew.
  const same = children.length === grid.children.length && children.every((child, at) => child === grid.children[at])
  if (!same) grid.replaceChildren(...children)
  mark()
}

function tile(at) {
  const item = state.items[at]
  const figure = document.createElement('figure'), image = document.createElement('img')
  image.src = 'thumbnail/' + at
  image.alt = figure.title = item.id
  figure.append(image)
  figure.onclick = () => go(state.shown.indexOf(at))
  return figure
}

function heading(name, places) {
  const title = document.createElement('h3'), word = document.createElement('b'), count = document.createElement('span')
  const undecided = places.filter(at => !state.items[at].decided).length
  word.textContent = title.title = name || 'none'
  title.dataset.group = name
  count.textContent = `${undecided} of ${places.length} left`
  title.append(word, count)
  title.onclick = () => go(state.shown.indexOf(places.find(at => !state.items[at].decided) ?? places[0]))
  return title
}

/* Shows how the images in sight are decided, and where the reviewer is. */
export function mark() {
  for (const [at, figure] of figures) {
    const item = state.items[at], name = look(item) + (item === current() ? ' here' : '')
    if (figure.className !== name) figure.className = name
  }
}

/* Scrolls as little as brings an image into sight. */
export function reveal(place) {
  // The line of a place: of those with images, which begin at rising places, the last that begins at or before it.
  let from = 0, to = lines.length
  while (to - from > 1) {
    const middle = (from + to) >> 1
    const known = lines[middle].from ?? lines[middle + 1]?.from ?? Infinity
    if (known <= place) from = middle
    else to = middle
  }
  const line = lines[from]
  if (!line) return
  const bottom = (lines[from + 1]?.top ?? height) + 4
  if (line.top < grid.scrollTop) grid.scrollTop = line.top
  else if (bottom > grid.scrollTop + grid.clientHeight) grid.scrollTop = bottom - grid.clientHeight
  else return
  draw()
}

grid.onscroll = draw
new ResizeObserver(() => columnsNow() === columns ? draw() : place()).observe(grid)
