// The class board. The server sends the whole board once a second; each part of the page draws itself anew from it.

import { drawAlerts } from './alerts.js'
import { drawCluster } from './cluster.js'
import { drawExperiment } from './experiment.js'
import { drawGroups } from './groups.js'
import { drawMatch } from './match.js'
import { drawTraffic } from './traffic.js'
import { clock, fill, words } from './words.js'

const silence = 5000 // milliseconds without a snapshot, after which the server is taken for away

const away = document.getElementById('away')
const status = document.getElementById('status')
let last = Date.now()

function draw(board) {
  last = Date.now()
  const up = board.cluster.brokers.filter((b) => b.up).length
  status.textContent = `Kafka: ${up}/${board.cluster.brokers.length} · ${clock(board.at)}`
  warn(board.away_since ? fill(words.Away, { time: clock(board.away_since) }) : '')
  drawExperiment(board.experiment)
  drawMatch(board.match)
  drawTraffic(board)
  drawAlerts(board.alerts)
  drawCluster(board.cluster)
  drawGroups(board.cluster.groups)
  document.body.dataset.at = board.at
}

// warn shows a text over the board, or none. The same text is not set again: it would be read out each time.
function warn(text) {
  if (away.textContent !== text) away.textContent = text
  away.hidden = !text
  document.body.classList.toggle('stale', Boolean(text))
}

function connect() {
  const stream = new EventSource('/api/board')
  stream.onmessage = (message) => draw(JSON.parse(message.data))
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 2000) // refused: EventSource itself tries again only a lost one
  }
}

setInterval(() => {
  if (Date.now() - last > silence) warn(words.Silent)
}, 1000)
connect()
