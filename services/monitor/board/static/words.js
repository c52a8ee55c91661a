// The texts in the page's language, and numbers and times as it writes them.

export const words = JSON.parse(document.getElementById('words').textContent)
const lang = words.Lang

export const number = (n, digits = 0) => n.toLocaleString(lang, { maximumFractionDigits: digits })
export const money = (cents) => (cents / 100).toLocaleString(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
export const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString(lang, { hour12: false })

// fill puts values into a text: fill('{n} more', {n: 3}).
export const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name])
