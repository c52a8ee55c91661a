import { element } from './element.js'
import { clock, words } from './words.js'

const section = document.getElementById('experiment')
const title = document.getElementById('experiment-title')
const body = section.querySelector('.body')

const text = ({ pt, en }) => (words.Lang === 'en' ? en : pt)

const verdicts = {
  '': ['warn', '…', words.Underway], held: ['good', '✓', words.Held], failed: ['bad', '✗', words.Failed], ended: ['bad', '–', words.NoVerdict],
}

// drawExperiment shows a lab or a drill that runs on this cluster: what it predicts, what it does, and in the end its verdict.
export function drawExperiment(experiment) {
  section.hidden = !experiment
  if (!experiment) return
  const [state, mark, word] = verdicts[experiment.verdict]
  title.replaceChildren(words.Experiment + ' ', element('b', {}, experiment.name), ` (${clock(experiment.began)}) `,
    element('b', { class: state }, `${mark} ${word}`))
  section.dataset.verdict = experiment.verdict
  const counts = experiment.verdict && experiment.verdict !== 'ended' ? [element('p', { class: state }, text(experiment.counts))] : []
  body.replaceChildren(
    element('div', {}, element('p', {}, text(experiment.prediction)), ...counts),
    element('ul', {}, ...experiment.strikes.map((strike) => element('li', {}, text(strike)))))
}
