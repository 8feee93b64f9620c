// One WebSocket per tab, shared by all widgets. It says whether the line is alive: two ticks missed, and nothing may look alive.
const DEAD_MS = 2500,
  CHECK_MS = 250,
  FIRST_WAIT_MS = 250,
  LONGEST_WAIT_MS = 8000;
const wanted = new Map(); // subscription as text -> { id, request, takers: Set, snapshot: Map by key, state, why }
const byId = new Map();
const watchers = new Set();
let socket = null,
  opened = 0,
  tries = 0,
  next = 1,
  heard = 0,
  timer = null,
  began = performance.now(),
  woke = 0;

// `line` is connecting, alive or dead; `tick` is the last one heard, with the moment (performance.now) at which it came.
export const line = { state: "connecting", since: Date.now(), tick: null, at: 0, messages: 0, dropped: 0 };

export function watch(taker) {
  watchers.add(taker);
  taker(line);
  ensure();
  return () => watchers.delete(taker);
}

export function subscribe(request, taker) {
  const key = JSON.stringify(request);
  let one = wanted.get(key);
  if (!one) {
    one = { id: `s${next++}`, request, takers: new Set(), state: "connecting", why: "", snapshot: null };
    wanted.set(key, one);
    byId.set(one.id, one);
    send(ask(one));
  } else if (one.snapshot) queueMicrotask(() => one.takers.has(taker) && again(one));
  one.takers.add(taker);
  taker.state?.(shown(one), one.why);
  ensure();
  return () => {
    one.takers.delete(taker);
    if (one.takers.size) return;
    wanted.delete(key);
    byId.delete(one.id);
    send({ unsubscribe: one.id });
    for (const w of watchers) w(line);
  };
}
// Has a widget read again, a moment later, what a topic says has changed. While line or topic are silent it turns old: what does not
// come any more is not made fresh by reading it again. `of` has `old`, `read()` and `turn(old)`; `concerns` tells which updates count.
export function rereading(request, afterMs, of, concerns = () => true) {
  let timer,
    quiet = false;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => of.read(), afterMs);
  };
  const offs = [
    watch((l) => {
      if (l.state === "dead") of.turn(true);
      else if (l.state === "alive" && of.old) soon();
    }),
    subscribe(request, {
      snapshot: soon,
      updates: (all) => concerns(all) && soon(),
      state: (s) => {
        quiet = s === "stale" || s === "lost";
        if (quiet) of.turn(true);
        else if (of.old) soon();
      },
    }),
  ];
  soon();
  return {
    soon,
    isSilent: () => line.state === "dead" || quiet,
    end() {
      for (const off of offs) off();
      clearTimeout(timer);
    },
  };
}

// Reading that is done once at a time: what is asked for meanwhile is read once more afterwards, so that slow answers come through.
// `work` takes the signal for its questions, which ends them when they take too long, and by `end()`.
export function single(work, mostMs = 60000) {
  const stop = new AbortController();
  let running = false,
    again = false;
  const run = async () => {
    again = running;
    if (running || stop.signal.aborted) return;
    running = true;
    try {
      await work(AbortSignal.any([stop.signal, AbortSignal.timeout(mostMs)]));
    } finally {
      running = false;
      if (again) run();
    }
  };
  run.end = () => stop.abort();
  return run;
}

export function stopped() {
  return [...wanted.values()].filter((one) => one.state === "stale" || one.state === "lost");
}

const ask = (one) => ({ subscribe: one.id, ...one.request });
const shown = (one) => (line.state === "alive" ? one.state : line.state === "dead" ? "lost" : "connecting");
function send(what) {
  if (socket?.readyState === 1) socket.send(JSON.stringify(what));
}
function again(one) {
  send({ unsubscribe: one.id });
  byId.delete(one.id);
  one.id = `s${next++}`;
  byId.set(one.id, one);
  send(ask(one));
} // a newcomer needs a snapshot

function turn(state) {
  if (line.state === state) return;
  line.state = state;
  line.since = state === "dead" && line.tick ? Date.parse(line.tick.utc) : Date.now();
  document.body.dataset.line = state;
  tellAll();
}
function tellAll() {
  for (const w of watchers) w(line);
  for (const one of wanted.values()) for (const taker of one.takers) taker.state?.(shown(one), one.why);
}

function ensure() {
  if (!timer) {
    timer = setInterval(check, CHECK_MS);
    document.addEventListener("visibilitychange", check);
    window.addEventListener("online", () => {
      if (!socket) open();
    });
  }
  if (!socket) open();
}
function check() {
  // timers that slept find the line dead before anything is drawn
  const now = performance.now(),
    ahead = Date.now() - now; // where performance.now stands still while a machine sleeps, the wall clock tells of it
  const slept = woke && ahead - woke > DEAD_MS;
  woke = ahead;
  if (slept || now - Math.max(heard, began) > DEAD_MS) turn("dead"); // until the next tick
  if (socket && now - Math.max(heard, opened) > 2 * DEAD_MS) lose(socket); // nor does a socket wait for what never answers
}
function lose(mine) {
  if (mine !== socket) return;
  socket = null;
  mine.close();
  for (const one of wanted.values()) one.snapshot = null;
  nobody();
  setTimeout(
    () => {
      if (!socket) open();
    },
    Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries++) * (0.5 + Math.random() / 2),
  );
}

function open() {
  const base = (location.protocol === "https:" ? "wss://" : "ws://") + location.host;
  const mine = new WebSocket(base + "/api/v1/live");
  socket = mine;
  opened = performance.now();
  mine.onopen = () => {
    for (const one of wanted.values()) send(ask(one));
  };
  mine.onmessage = (event) => {
    if (mine === socket) take(event.data);
  };
  mine.onclose = () => lose(mine);
}
async function nobody() {
  // perhaps the session ended, which a closed socket does not tell: then the login page, which returns here
  try {
    const answer = await fetch("/api/v1/auth/me", { signal: AbortSignal.timeout(2 * DEAD_MS) });
    if (answer.status === 401) location.href = "/login?ended&next=" + encodeURIComponent(location.pathname + location.search);
    else if (answer.ok && window.AELITA_USER && (await answer.json()).user !== window.AELITA_USER) location.replace("/"); // somebody else has logged in, in another tab: this page is not theirs
  } catch {
    /* the line is dead: the banner says it */
  }
}

function take(text) {
  const message = JSON.parse(text);
  line.messages++;
  if (message.tick) {
    line.tick = message.tick;
    line.at = heard = performance.now();
    tries = 0;
    if (line.state !== "alive") turn("alive");
    else for (const w of watchers) w(line);
    return;
  }
  const one = byId.get(message.id ?? message.error?.id);
  if (!one) return;
  if (message.dropped) line.dropped += message.dropped;
  if (message.snapshot) {
    one.snapshot = true;
    one.state = one.state === "connecting" ? "live" : one.state;
    for (const t of one.takers) {
      t.snapshot?.(message.snapshot);
      t.state?.(shown(one), one.why);
    }
  }
  if (message.updates) for (const t of one.takers) t.updates?.(message.updates, message.dropped ?? 0);
  if (message.state) {
    one.state = message.state;
    one.why = message.why ?? "";
    for (const t of one.takers) t.state?.(shown(one), one.why);
    for (const w of watchers) w(line);
  }
  if (message.error) {
    one.state = "lost";
    one.why = message.error.detail ?? String(message.error);
    for (const t of one.takers) t.state?.("lost", one.why);
  }
}
window.__aelita = { line, wanted };
