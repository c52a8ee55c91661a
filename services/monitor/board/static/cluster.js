import { element } from './element.js'
import { fill, words } from './words.js'

const body = document.querySelector('#cluster .body')

// cell is what a broker is to a partition: a letter and a colour, and a word for who listens.
function cell(partition, broker) {
  let state = 'none'
  if (partition.replicas.includes(broker.id)) {
    if (partition.leader === broker.id) state = 'leader'
    else state = partition.in_sync.includes(broker.id) ? 'insync' : 'behind'
  }
  const [mark, word] = { none: ['', ''], leader: ['L', words.Leader], insync: ['●', words.InSync], behind: ['○', words.Behind] }[state]
  return element('td', { class: state, 'data-broker': broker.id },
    element('span', { 'aria-hidden': 'true' }, mark), element('span', { class: 'spoken' }, word))
}

function row(topic, partition, brokers) {
  const name = [element('span', { class: 'topic' }, topic.name), ' ' + partition.partition]
  if (partition.leader < 0) name.push(element('strong', { class: 'bad' }, ' ' + words.NoLeader))
  return element('tr', { 'data-partition': `${topic.name}/${partition.partition}` },
    element('th', { scope: 'row' }, ...name), ...brokers.map((b) => cell(partition, b)))
}

function head(broker) {
  return element('th', { scope: 'col', class: broker.up ? 'up' : 'down', 'data-broker': broker.id },
    element('small', {}, words.Broker), element('b', {}, broker.id),
    element('span', { class: 'state' }, broker.up ? '✓ ' + words.Up : '✗ ' + words.Down),
    broker.controller ? element('span', { class: 'controller' }, '◆', element('span', { class: 'spoken' }, words.Controller)) : '')
}

// drawCluster draws a row for each partition, a column for each broker.
export function drawCluster({ brokers, topics, left_out: leftOut }) {
  if (brokers.length === 0) return
  const rows = topics.flatMap((topic) => topic.partitions.map((p) => row(topic, p, brokers)))
  const lacking = topics.flatMap((t) => t.partitions).filter((p) => p.in_sync.length < p.replicas.length || p.leader < 0).length
  const table = element('table', {},
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, words.Partition), ...brokers.map(head))),
    element('tbody', {}, ...rows))
  const summary = lacking ? fill(words.Lacking, { n: lacking }) : words.Whole
  const known = brokers.some((b) => b.up)
  const parts = [
    known ? element('p', { class: lacking ? 'bad' : 'good', id: 'replicas' }, (lacking ? '✗ ' : '✓ ') + summary) : '', table,
    element('p', { class: 'note' }, `L ${words.Leader} · ● ${words.InSync} · ○ ${words.Behind} · ◆ ${words.Controller}`),
  ]
  if (leftOut) parts.push(element('p', { class: 'note' }, fill(words.LeftOut, { n: leftOut })))
  body.replaceChildren(...parts)
}
