// One WebSocket per tab, shared by all widgets. It says whether the line is alive: two ticks missed, and nothing may look alive.
const DEAD_MS = 2500, CHECK_MS = 250, FIRST_WAIT_MS = 250, LONGEST_WAIT_MS = 8000;
const wanted = new Map(); // subscription as text -> { id, request, takers: Set, snapshot: Map by key, state, why }
const byId = new Map();
const watchers = new Set();
let socket = null, tries = 0, next = 1, heard = 0, timer = null, began = performance.now();

// `line` is connecting, alive or dead; `tick` is the last one heard, with the moment (performance.now) at which it came.
export const line = { state: "connecting", since: Date.now(), tick: null, at: 0, messages: 0, dropped: 0 };

export function watch(taker) { watchers.add(taker); taker(line); ensure(); return () => watchers.delete(taker); }

export function subscribe(request, taker) {
  const key = JSON.stringify(request);
  let one = wanted.get(key);
  if (!one) {
    one = { id: `s${next++}`, request, takers: new Set(), state: "connecting", why: "", snapshot: null };
    wanted.set(key, one); byId.set(one.id, one); send(ask(one));
  } else if (one.snapshot) queueMicrotask(() => one.takers.has(taker) && again(one));
  one.takers.add(taker);
  taker.state?.(shown(one), one.why);
  ensure();
  return () => {
    one.takers.delete(taker);
    if (one.takers.size) return;
    wanted.delete(key); byId.delete(one.id); send({ unsubscribe: one.id });
    for (const w of watchers) w(line);
  };
}

export function stopped() { return [...wanted.values()].filter((one) => one.state === "stale" || one.state === "lost"); }

const ask = (one) => ({ subscribe: one.id, ...one.request });
const shown = (one) => (line.state === "alive" ? one.state : line.state === "dead" ? "lost" : "connecting");
function send(what) { if (socket?.readyState === 1) socket.send(JSON.stringify(what)); }
function again(one) { send({ unsubscribe: one.id }); byId.delete(one.id); one.id = `s${next++}`; byId.set(one.id, one); send(ask(one)); } // a newcomer needs a snapshot

function turn(state) {
  if (line.state === state) return;
  line.state = state; line.since = Date.now(); document.body.dataset.line = state;
  tellAll();
}
function tellAll() {
  for (const w of watchers) w(line);
  for (const one of wanted.values()) for (const taker of one.takers) taker.state?.(shown(one), one.why);
}

function ensure() {
  if (!timer) { timer = setInterval(check, CHECK_MS); document.addEventListener("visibilitychange", check); window.addEventListener("online", () => { if (!socket) open(); }); }
  if (!socket) open();
}
function check() { // performance.now is not moved by a clock that jumps; timers that slept find the line dead before anything is drawn
  const silence = performance.now() - Math.max(heard, began);
  if (silence > DEAD_MS) { turn("dead"); if (socket && silence > 2 * DEAD_MS && socket.readyState === 1) socket.close(); }
}

function open() {
  const base = (location.protocol === "https:" ? "wss://" : "ws://") + location.host;
  const mine = new WebSocket(base + "/api/v1/live");
  socket = mine;
  mine.onopen = () => { for (const one of wanted.values()) send(ask(one)); };
  mine.onmessage = (event) => { if (mine === socket) take(event.data); };
  mine.onclose = () => {
    if (mine !== socket) return;
    socket = null;
    for (const one of wanted.values()) one.snapshot = null;
    nobody();
    setTimeout(() => { if (!socket) open(); }, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries++) * (0.5 + Math.random() / 2));
  };
}
async function nobody() { // perhaps the session ended, which a closed socket does not tell: then the login page, which returns here
  try { if ((await fetch("/api/v1/auth/me")).status === 401) location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search); } catch { /* the line is dead: the banner says it */ }
}

function take(text) {
  const message = JSON.parse(text);
  line.messages++;
  if (message.tick) {
    line.tick = message.tick; line.at = heard = performance.now(); tries = 0;
    if (line.state !== "alive") turn("alive"); else for (const w of watchers) w(line);
    return;
  }
  const one = byId.get(message.id ?? message.error?.id);
  if (!one) return;
  if (message.dropped) line.dropped += message.dropped;
  if (message.snapshot) { one.snapshot = true; one.state = one.state === "connecting" ? "live" : one.state; for (const t of one.takers) { t.snapshot?.(message.snapshot); t.state?.(shown(one), one.why); } }
  if (message.updates) for (const t of one.takers) t.updates?.(message.updates, message.dropped ?? 0);
  if (message.state) { one.state = message.state; one.why = message.why ?? ""; for (const t of one.takers) t.state?.(shown(one), one.why); for (const w of watchers) w(line); }
  if (message.error) { one.state = "lost"; one.why = message.error.detail ?? String(message.error); for (const t of one.takers) t.state?.("lost", one.why); }
}
window.__aelita = { line, wanted };
