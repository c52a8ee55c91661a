"use strict";
// The order form, and the trail of one order as its records are read. Whatever comes from outside is
// put into the page as text, never as HTML.
const words = document.body.dataset;
const byId = id => document.getElementById(id);
const form = byId("order"), trail = byId("trail"), status = byId("status");
let source = null;
let steps = []; // of the order that is followed

function say(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

// crypto.randomUUID is there on https and localhost only; a class may open the page by an address.
function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = b[6] & 0x0f | 0x40;
  b[8] = b[8] & 0x3f | 0x80;
  const hex = [...b].map(x => x.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function element(name, className, text) {
  const e = document.createElement(name);
  e.className = className;
  e.textContent = text;
  return e;
}

// show draws the trail in the order of the way. Records of different partitions are read in any order: an
// e-mail's command may be here before the order that has led to it.
function show() {
  const way = [...steps].sort((a, b) => a.hops.length - b.hops.length || a.at.localeCompare(b.at));
  const seen = new Set(); // hops that an earlier row has shown
  trail.replaceChildren(...way.map(step => row(step, seen)));
}

function row(step, seen) {
  const li = document.createElement("li");
  li.dataset.topic = step.topic;
  const head = element("div", "head", "");
  head.append(element("span", "topic", step.topic),
    element("span", "place", `${words.partition} ${step.partition} · ${words.offset} ${step.offset} · ${new Date(step.at).toLocaleTimeString()}`));
  const hops = element("div", "hops", "");
  step.hops.forEach((hop, i) => {
    const text = `${hop.title}(${hop.id})`;
    hops.append(i ? "-" : "", element("span", seen.has(text) ? "" : "fresh", text));
    seen.add(text);
  });
  li.append(head, hops);
  return li;
}

function follow(id) {
  if (source) source.close();
  steps = [];
  show();
  source = new EventSource(`/orders/${encodeURIComponent(id)}/trail`);
  source.addEventListener("step", e => {
    steps.push(JSON.parse(e.data));
    show();
  });
  source.addEventListener("end", () => {
    source.close();
    say("end", words.end);
  });
}

form.addEventListener("submit", async e => {
  e.preventDefault();
  const id = byId("uuid").value, amount = byId("amount").value.trim().replace(",", ".");
  // The amount goes as it was typed: JavaScript's numbers are floats.
  const body = `{"uuid": ${JSON.stringify(id)}, "email": ${JSON.stringify(byId("email").value)}, "amount": ${/^[0-9.]+$/.test(amount) ? amount : JSON.stringify(amount)}}`;
  let answer;
  try {
    answer = await fetch("/orders", {method: "POST", headers: {"Content-Type": "application/json"}, body});
  } catch {
    say("refused", words.unreachable);
    return;
  }
  if (answer.status === 409) return say("refused", words.conflict);
  if (!answer.ok) return say("refused", words.refused + (await answer.text()).split("\n")[0]);
  say("following", (answer.status === 201 ? words.accepted : words.repeated) + " " + words.following);
  follow(id);
});

byId("fresh").addEventListener("click", () => { byId("uuid").value = uuid(); });
byId("reports").addEventListener("click", async () => {
  try {
    const answer = await fetch("/admin/generate-reports");
    say(answer.ok ? "idle" : "refused", answer.ok ? words.reports : words.refused + (await answer.text()).split("\n")[0]);
  } catch {
    say("refused", words.unreachable);
  }
});
byId("uuid").value = uuid();
