"use strict";
// The order form, and the trail of one order as its records are read. Whatever comes from outside is
// put into the page as text, never as HTML.
const words = document.body.dataset;
const byId = id => document.getElementById(id);
const form = byId("order"), trail = byId("trail"), status = byId("status");
const language = {"Accept-Language": document.documentElement.lang}; // of the refusals: the page's, not the browser's
let source = null;
let steps = []; // of the order that is followed

// say shows an answer, and below it the end of the order's way once it is known.
function say(state, text, end = "") {
  status.replaceChildren(text, ...end ? [" ", element("strong", "", end)] : []);
  status.dataset.state = state;
}

// plain is an amount as people type it, as a JSON number: with this page's separators, 1.234,50 in
// Portuguese, or with the other language's where they cannot be taken for these. Other texts stay as they
// are. JavaScript's own numbers are floats, and are not used.
function plain(typed) {
  const text = typed.trim(), point = `\\${words.point}`, group = `\\${words.group}`;
  const is = pattern => new RegExp(`^${pattern}$`).test(text);
  const number = (decimal, thousands) => text.replaceAll(thousands, "").replace(decimal, ".").replace(/^0+(?=\d)/, "");
  if (is(`([1-9]\\d{0,2}(${group}\\d{3})+|\\d+)(${point}\\d+)?`)) return number(words.point, words.group);
  if (is(`([1-9]\\d{0,2}(${point}\\d{3})+|\\d+)${group}\\d+`)) return number(words.group, words.point);
  return text;
}

// money is a plain number as this page writes amounts: two decimals, cut as on every screen.
function money(number) {
  const [whole, cents = ""] = number.split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, words.group) + words.point + (cents + "00").slice(0, 2);
}

// outcome is the end of the order's way, by the topics that it has reached.
function outcome() {
  const seen = topic => steps.some(step => step.topic === topic);
  if (seen("ECOMMERCE_DEADLETTER")) return "dead";
  return seen("ECOMMERCE_ORDER_REJECTED") ? "fraud" : "approved";
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
    element("span", "place", `${words.partition} ${step.partition} · ${words.offset} ${step.offset} · ${new Date(step.at).toLocaleTimeString(document.documentElement.lang)}`));
  const hops = element("div", "hops", "");
  step.hops.forEach((hop, i) => {
    const text = `${hop.title}(${hop.id})`;
    hops.append(i ? "-" : "", element("span", seen.has(text) ? "" : "fresh", text));
    seen.add(text);
  });
  li.append(head, hops);
  return li;
}

function follow(id, answered) {
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
    if (status.dataset.state === "following") say(outcome(), answered, words[outcome()]); // a later answer stays
  });
}

form.addEventListener("submit", async e => {
  e.preventDefault();
  const id = byId("uuid").value, amount = plain(byId("amount").value);
  const body = `{"uuid": ${JSON.stringify(id)}, "email": ${JSON.stringify(byId("email").value)}, "amount": ${/^\d+(\.\d+)?$/.test(amount) ? amount : JSON.stringify(amount)}}`;
  let answer;
  try {
    answer = await fetch("/orders", {method: "POST", headers: {"Content-Type": "application/json", ...language}, body});
  } catch {
    say("refused", words.unreachable);
    return;
  }
  if (answer.status === 409) return say("refused", words.conflict);
  if (!answer.ok) return say("refused", words.refused + (await answer.text()).split("\n")[0]);
  const answered = (answer.status === 201 ? words.accepted : words.repeated).replace("{amount}", money(amount));
  say("following", `${answered} ${words.following}`);
  follow(id, answered);
});

byId("fresh").addEventListener("click", () => { byId("uuid").value = uuid(); });
byId("reports").addEventListener("click", async () => {
  try {
    const answer = await fetch("/admin/generate-reports", {headers: language});
    say(answer.ok ? "idle" : "refused", answer.ok ? words.reports : words.refused + (await answer.text()).split("\n")[0]);
  } catch {
    say("refused", words.unreachable);
  }
});
byId("uuid").value = uuid();
