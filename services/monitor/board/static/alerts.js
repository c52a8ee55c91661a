import { element } from './element.js'
import { clock, money, words } from './words.js'

const most = 8
const body = document.querySelector('#alerts .body')

function describe(alert) {
  if (alert.id_plataforma) return [element('span', {}, element('b', {}, alert.id_plataforma), ' ' + words.Quiet), element('small')]
  return [
    element('span', {}, element('b', {}, alert.id_usuario), ` ${alert.count} ${words.Transactions}`),
    element('small', {}, `${money(alert.valor_centavos)} ${alert.moeda}`),
  ]
}

const key = (a) => `${a.rule} ${a.source.partition} ${a.source.offset} ${a.id_usuario ?? a.id_plataforma}`

// drawAlerts shows the latest alerts. Those that were not there before stand out for a moment.
let shown = new Set()
export function drawAlerts(alerts) {
  if (alerts.length === 0) {
    body.replaceChildren(words.NoAlert)
    return
  }
  const latest = alerts.slice(0, most)
  const list = element('ol')
  for (const a of latest) {
    const [what, worth] = describe(a)
    list.append(element('li', { class: shown.size && !shown.has(key(a)) ? 'fresh' : '', 'data-key': key(a) },
      what, element('time', {}, clock(a.timestamp_ms)), worth, element('code', {}, a.rule)))
  }
  shown = new Set(latest.map(key))
  body.replaceChildren(list)
}
