// element makes an HTML element: element('p', {class: 'small'}, 'a text', another). Texts go in as text, never as HTML: names and ids are
// whatever others have sent.
export function element(name, attributes = {}, ...children) {
  return build(document.createElement(name), attributes, children)
}

// drawing makes an SVG element.
export function drawing(name, attributes = {}, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}
