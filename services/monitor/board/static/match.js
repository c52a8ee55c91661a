import { element } from './element.js'
import { fill, words } from './words.js'

const most = 80 // ids that are drawn: the last of them, where there are more
const body = document.querySelector('#match .body')

// ranges writes ids in a row as one: 3, 5–7.
export function ranges(ids) {
  const parts = []
  for (const id of ids) {
    const last = parts.at(-1)
    if (last && last[1] === id - 1) last[1] = id
    else parts.push([id, id])
  }
  return parts.map(([a, b]) => (a === b ? a : `${a}–${b}`)).join(', ') || words.None
}

const same = (a, b) => a.TeamA === b.TeamA && a.TeamB === b.TeamB

// ids draws a square for each id. What was lost or repeated has a mark besides its colour.
function ids(match) {
  const lost = new Set(match.lost)
  const repeated = new Set(match.repeated)
  const strip = element('ol', { class: 'ids', 'aria-label': words.Ids })
  for (let id = Math.max(match.first_id, match.last_id - most + 1); id <= match.last_id; id++) {
    const state = lost.has(id) ? 'lost' : repeated.has(id) ? 'repeated' : 'once'
    const mark = { lost: '×', repeated: '2', once: '' }[state]
    strip.append(element('li', { class: state, 'data-id': id, title: id }, mark))
  }
  return strip
}

function account(title, tally, score, ledger) {
  const verdict = same(tally, score)
  return element('dl', {},
    element('dt', {}, title),
    element('dd', { class: verdict ? 'good' : 'bad', 'data-tally': `${tally.TeamA}-${tally.TeamB}` },
      `${tally.TeamA} – ${tally.TeamB} `, element('small', {}, (verdict ? '✓ ' : '≠ ') + (verdict ? words.Equal : words.Differs))),
    element('dt', {}, words.Lost),
    element('dd', { class: ledger.lost.length ? 'bad lost' : 'lost' }, ranges(ledger.lost)),
    element('dt', {}, words.Repeated),
    element('dd', { class: ledger.repeated.length ? 'warn repeated' : 'repeated' }, ranges(ledger.repeated)))
}

// drawMatch draws the score as announced, and beside it what was counted.
export function drawMatch(match) {
  if (!match) {
    body.replaceChildren(words.NoMatch)
    return
  }
  const score = element('p', { class: 'score', 'aria-label': `TeamA ${match.score.TeamA}, TeamB ${match.score.TeamB}` },
    element('span', { class: 'team' }, 'TeamA'), element('span', { class: 'team' }, 'TeamB'),
    element('strong', {}, match.score.TeamA), element('span', { class: 'colon' }, ':'), element('strong', {}, match.score.TeamB))
  const parts = [score]
  if (match.finished) parts.push(element('p', { class: 'finished' }, words.Finish))
  parts.push(account(words.Tally, match.tally, match.score, match), ids(match))
  if (match.first_id > 1) parts.push(element('p', { class: 'note' }, fill(words.Since, { id: match.first_id })))
  if (match.program) parts.push(element('h3', {}, words.Program), account(words.Tally, match.program.tally, match.score, match.program))
  body.replaceChildren(...parts)
  body.dataset.match = match.match
  body.dataset.last = match.last_id
}
