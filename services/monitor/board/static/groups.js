import { element } from './element.js'
import { number, words } from './words.js'

const body = document.querySelector('#groups .body')

const states = { Stable: words.Stable, Empty: words.Empty, NoCoordinator: words.Orphaned, Dead: words.Empty }

// places writes partitions topic by topic: transactions 0, 1, 2.
function places(list) {
  const topics = new Map()
  for (const { topic, partition } of list) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, numbers]) => `${topic} ${numbers.join(', ')}`).join('; ') || '–'
}

function members(group) {
  return element('ul', {}, ...group.members.map((m) => element('li', { 'data-member': m.member },
    element('b', {}, m.member), ' ' + places(m.partitions))))
}

// lags are a number for each partition, in the order of the topics' names.
function lags(group) {
  return element('ul', { class: 'lags' }, ...group.lags.map((l) => element('li',
    { 'data-place': `${l.topic}/${l.partition}`, title: `${l.topic} ${l.partition}` },
    element('small', {}, l.partition), element('b', {}, l.lag === null ? words.Unknown : number(l.lag)))))
}

// drawGroups draws each group with its members, their partitions, and how far it is behind.
export function drawGroups(groups) {
  if (groups.length === 0) {
    body.replaceChildren(words.NoGroup)
    return
  }
  body.replaceChildren(...groups.map((group) => {
    const state = group.state === 'Stable' ? 'good' : group.state === 'Empty' || group.state === 'Dead' ? 'quiet' : 'warn'
    const known = group.lags.filter((l) => l.lag !== null)
    const lag = known.length ? number(known.reduce((sum, l) => sum + l.lag, 0)) : words.Unknown
    return element('article', { 'data-group': group.group },
      element('h3', {}, group.group, ' ', element('small', { class: state }, states[group.state] ?? words.Rebalancing)),
      element('p', { class: 'lag' }, element('small', {}, words.Lag + ' '), lag),
      members(group), lags(group))
  }))
}
