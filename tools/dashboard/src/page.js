/* Puts what is now in the place of what was, and keeps what the reader has opened. */
const SECONDS = 2

async function refresh() {
  // Half an answer is none, and the next may be whole again.
  const text = await fetch('now').then(answer => answer.ok ? answer.text() : null).catch(() => null)
  const ended = text === null
  document.getElementById('ended').hidden = !ended
  // A text that is being selected stays as it is.
  if (!ended && getSelection().isCollapsed) {
    const main = document.getElementById('now')
    const open = [...main.querySelectorAll('details')].map(one => one.open)
    const sides = [...main.querySelectorAll('.scroll')].map(one => one.scrollLeft)
    // The server has escaped all names in it.
    main.innerHTML = text
    main.querySelectorAll('details').forEach((one, at) => { one.open = open[at] ?? false })
    main.querySelectorAll('.scroll').forEach((one, at) => { one.scrollLeft = sides[at] ?? 0 })
    document.title = `film2lora: ${main.querySelector('.counts')?.innerText.replace(/\s+/g, ' ') ?? ''}`
  }
  setTimeout(refresh, SECONDS * 1000)
}
refresh()
