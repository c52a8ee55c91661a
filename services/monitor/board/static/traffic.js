import { drawing, element } from './element.js'
import { clock, fill, money, number, words } from './words.js'

const seconds = 60
const width = 600 // of a chart, in its own units: ten for a second
const height = 200
const lean = 10 // seconds of the mean

// shift moves a series to end at another second, as the last second is not over yet and none may have come since.
const shift = (series, by) => Array.from({ length: seconds }, (_, i) => series[i + by] ?? 0)

// round is a round number that is at least n, for the top of a scale.
function round(n) {
  const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)))
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= n)
}

// chart draws bars, a second each, the kinds on top of each other.
function chart(label, kinds, series, write) {
  const sums = Array.from({ length: seconds }, (_, i) => kinds.reduce((sum, kind) => sum + series[kind][i], 0))
  const top = round(Math.max(...sums))
  const floor = new Array(seconds).fill(0)
  const paths = kinds.map((kind) => {
    let d = ''
    series[kind].forEach((n, i) => {
      if (n === 0) return
      const h = (n / top) * height
      d += `M${i * 10 + 1} ${(height - floor[i]).toFixed(1)}h8v${(-h).toFixed(1)}h-8z`
      floor[i] += h
    })
    return drawing('path', { d, class: 'kind-' + kind, 'data-kind': kind })
  })
  const picture = drawing('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label }, ...paths)
  return element('div', { class: 'chart', 'data-top': top }, element('span', { class: 'top' }, write(top)), picture)
}

function legend(kinds, write) {
  return element('ul', { class: 'legend' }, ...kinds.map((kind) => element('li', { 'data-kind': kind },
    element('i', { class: 'kind-' + kind }), kind + ' ', element('b', {}, write(kind)))))
}

const total = (kinds, series) => kinds.reduce((sum, kind) => sum + series[kind].slice(-lean).reduce((a, b) => a + b, 0), 0)

// drawTraffic draws the last minute's transactions and values. Both end with the last second that is over.
export function drawTraffic({ at, traffic, currency }) {
  const rate = document.querySelector('#rate .body')
  const value = document.querySelector('#value .body')
  if (!traffic.time) return
  const over = Math.floor(at / 1000) - 1
  const still = over - traffic.time >= seconds
  const by = still ? 0 : over - traffic.time
  const kinds = Object.keys(traffic.minute).filter((kind) => kind !== '-' || traffic.minute[kind].count > 0)
  const counts = {}
  const cents = {}
  for (const kind of kinds) {
    counts[kind] = shift(traffic.recent[kind].count, by)
    cents[kind] = shift(traffic.recent[kind].valor_centavos, by)
  }
  const mean = total(kinds, counts) / lean
  const meanValue = Math.round(total(kinds, cents) / lean)
  const note = [words.Minute, still ? fill(words.UpTo, { time: clock(traffic.time * 1000) }) : ''].filter(Boolean).join(', ')
  const missing = traffic.missing.length ? [element('p', { class: 'note bad' }, words.Missing + ' ' + traffic.missing.join(', '))] : []
  rate.replaceChildren(
    element('p', { class: 'figure' }, element('b', {}, number(mean, 1)), element('small', {}, ` ${words.RateNow} · ${note}`)),
    chart(`${words.Rate}: ${number(mean, 1)}, ${words.RateNow}`, kinds, counts, number),
    legend(kinds, (kind) => number(traffic.minute[kind].count)), ...missing)
  value.replaceChildren(
    element('p', { class: 'figure' }, element('b', {}, money(meanValue)), element('small', {}, ` ${currency} · ${words.RateNow}`)),
    chart(`${words.Value}: ${money(meanValue)} ${currency}, ${words.RateNow}`, kinds, cents, (n) => number(n / 100)),
    legend(kinds, (kind) => money(traffic.minute[kind].valor_centavos)))
}
