// What all widgets share: words, the user's choices, times, numbers, elements, requests to the interface.
export const say = (key) => window.AELITA_WORDS?.[key] ?? key;
export const SEVERITY = ["severity.0", "severity.1", "severity.2", "severity.3", "severity.4", "severity.5"];

const DEFAULTS = { lang: "en", theme: "dark", form: "date", which: "scet" };
export function choices() {
  // of the cookie aelita_look: lang=ru&theme=light&form=date|doy&which=scet|ert
  const found = document.cookie.split("; ").find((c) => c.startsWith("aelita_look="));
  return { ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(decodeURIComponent(found?.slice(12) ?? ""))) };
}
export function choose(change) {
  const all = { ...choices(), ...change };
  document.cookie = `aelita_look=${encodeURIComponent(new URLSearchParams(all))}; path=/; max-age=31536000; samesite=strict`;
  window.dispatchEvent(new CustomEvent("aelita:choice", { detail: all }));
  return all;
}
let now = choices();
window.addEventListener("aelita:choice", (e) => {
  now = e.detail;
});

export function day(text) {
  const d = Date.UTC(+text.slice(0, 4), +text.slice(5, 7) - 1, +text.slice(8, 10));
  return Math.round((d - Date.UTC(+text.slice(0, 4), 0, 0)) / 864e5);
}
export function date(text) {
  return now.form === "doy" ? `${text.slice(0, 4)}-${String(day(text)).padStart(3, "0")}` : text.slice(0, 10);
}
export function instant(text, digits = 3) {
  // an instant of the interface, RFC 3339, by the user's choice of form
  if (!text) return "–";
  const fraction = digits ? (text.slice(20).replace("Z", "") + "000000000").slice(0, digits) : "";
  return `${date(text)} ${text.slice(11, 19)}${digits ? "." + fraction : ""}`;
}
const FORMS = { date: /(\d{4})-(\d{3})(?= \d{2}:)/g, doy: /(\d{4})-(\d{2})-(\d{2})(?= \d{2}:)/g };
export function rewritten(text) {
  // instants in a text that the server wrote, by the user's choice of now
  if (now.form === "doy") return text.replace(FORMS.doy, (whole) => date(whole));
  return text.replace(FORMS.date, (whole, year, of) => new Date(Date.UTC(+year, 0, +of)).toISOString().slice(0, 10));
}
window.addEventListener("aelita:choice", () => {
  for (const e of document.querySelectorAll("[data-times]")) {
    const text = rewritten(e.textContent);
    if (text !== e.textContent) e.textContent = text;
  }
});
export function parsed(text, near = "") {
  // milliseconds of a typed UTC date or day of year with a time; a time alone is of the day of `near`; NaN when it is none
  const m = /^(?:(\d{4})-(?:(\d{2})-(\d{2})|(\d{3}))(?:[T ]+|$))?(?:(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?\s*Z?$/.exec(
    text.trim(),
  );
  if (!m || (!m[1] && m[5] == null)) return NaN;
  const day = m[1] ? Date.UTC(+m[1], m[4] ? 0 : +m[2] - 1, m[4] ? +m[4] : +m[3]) : Date.parse(near.slice(0, 10));
  const shown = m[1] ? new Date(day).toISOString() : ""; // what is no date, such as a month 13, would be one of the next year
  if (m[1] && (m[4] ? shown.slice(0, 4) !== m[1] : shown.slice(0, 10) !== `${m[1]}-${m[2]}-${m[3]}`)) return NaN;
  if (+(m[5] ?? 0) > 23 || +(m[6] ?? 0) > 59 || +(m[7] ?? 0) > 60) return NaN;
  return day + (+(m[5] ?? 0) * 3600 + +(m[6] ?? 0) * 60 + +(m[7] ?? 0) + +(m[8] ?? 0)) * 1000;
}
export const fromMs = (ms) => (Number.isFinite(ms) ? new Date(ms).toISOString() : "");
export function chosen(row, scet = "t", ert = "rt") {
  return now.which === "ert" ? row[ert] : (row[scet] ?? row[ert]);
}
export const whichTime = () => (now.which === "ert" ? say("time.ert") : say("time.scet"));

export function span(s) {
  // a duration in seconds, in two units at most
  if (s == null || !Number.isFinite(s)) return "–";
  const sign = s < 0 ? "−" : "";
  s = Math.abs(s);
  if (s < 10) return `${sign}${s.toFixed(1)} s`;
  if (s < 120) return `${sign}${Math.round(s)} s`;
  if (s < 7200) return `${sign}${Math.floor(s / 60)} min ${String(Math.floor(s % 60)).padStart(2, "0")} s`;
  if (s < 172800) return `${sign}${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${sign}${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
export function light(s) {
  return s == null ? "–" : `${Math.floor(s / 60)}m ${(s % 60).toFixed(3).padStart(6, "0")}s`;
}
export function scaled(x, unit, base = 1000) {
  if (x == null || !Number.isFinite(x)) return "–";
  const names = ["", "k", "M", "G", "T"];
  let k = 0;
  while (Math.abs(x) >= base && k < 4) {
    x /= base;
    k++;
  }
  return `${x >= 100 || (k === 0 && Number.isInteger(x)) ? Math.round(x) : x.toPrecision(3)} ${names[k]}${unit}`;
}
export function number(v) {
  // six significant digits, points one under another: what a screen needs; the archive keeps all
  if (v == null || v === "") return "–";
  if (typeof v === "boolean") return say(v ? "yes" : "no");
  if (typeof v === "number") {
    if (Number.isInteger(v) && Math.abs(v) < 1e15) return String(v);
    const a = Math.abs(v);
    return a !== 0 && (a < 1e-4 || a >= 1e9)
      ? v.toExponential(4)
      : v.toFixed(Math.max(0, Math.min(6, 5 - Math.floor(Math.log10(a)))));
  }
  return typeof v === "object" ? JSON.stringify(v) : String(v);
}
export function make(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text != null) e.textContent = text;
  return e;
}
export function colour(name) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim();
}
export const short = (name) => name.split("/").slice(-1)[0];

export class Refused extends Error {
  constructor(status, told) {
    super(told.detail ?? `HTTP ${status}`);
    this.status = status;
    this.remedy = told.remedy ?? "";
    this.where = told.where ?? "";
  }
}
export async function ask(path, query = {}, how = {}) {
  // of /api/v1; throws Refused, or TypeError when the centre is not reached
  const url = new URL(path.startsWith("/") ? path : "/api/v1/" + path, location.origin);
  for (const [k, v] of Object.entries(query))
    for (const one of [v].flat()) if (one !== "" && one != null) url.searchParams.append(k, one);
  const answer = await fetch(url, how);
  if (answer.status === 401) {
    location.href = "/login?ended&next=" + encodeURIComponent(location.pathname + location.search);
  }
  if (!answer.ok) {
    let told = {};
    try {
      told = await answer.json();
    } catch {
      /* not of the interface */
    }
    throw new Refused(answer.status, told);
  }
  return answer;
}
export async function packetNames(spacecraft) {
  // "SPACECRAFT APID" to the container that came most often lately, and how many others came
  const told = (await (await ask("packets", { order: "desc", limit: 1000, spacecraft })).json()).items,
    kinds = new Map();
  for (const p of told)
    if (p.container) {
      const k = `${p.spacecraft} ${p.apid}`,
        all = kinds.get(k) ?? new Map(),
        name = short(p.container);
      all.set(name, (all.get(name) ?? 0) + 1);
      kinds.set(k, all);
    }
  return new Map(
    [...kinds].map(([k, all]) => [k, [...all].sort((a, b) => b[1] - a[1])[0][0] + (all.size > 1 ? ` +${all.size - 1}` : "")]),
  );
}
export function remember(query) {
  // the state of a page in its address
  const url = new URL(location);
  for (const [k, v] of Object.entries(query)) {
    if (v === "" || v == null) url.searchParams.delete(k);
    else url.searchParams.set(k, v);
  }
  history.replaceState(history.state, "", url);
}
const DRAWN = { empty: "M6 12h22v16H6zM6 12l4-6h14l4 6M13 17h8", bad: "M17 5l14 24H3zM17 14v7M17 24v1" };
// A reading that failed: what is there turns old; where nothing was read yet, its place says why. One that was ended says nothing.
export function unread(of, error, place) {
  if (error.name === "AbortError") return;
  if (of.told) of.turn(true);
  else
    place.replaceChildren(stateOf("bad", say("failed"), error.status ? error.message : say("centre.lost"), () => of.read()));
}
export function stateOf(kind, title, hint, retry) {
  // the designed empty and error states, drawn by widgets as by frame.py
  const box = make("div", "a-state" + (kind === "bad" ? " bad" : ""));
  box.setAttribute("role", kind === "bad" ? "alert" : "status");
  const ns = "http://www.w3.org/2000/svg",
    svg = document.createElementNS(ns, "svg"),
    path = document.createElementNS(ns, "path");
  svg.setAttribute("viewBox", "0 0 34 34");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", DRAWN[kind] ?? DRAWN.empty);
  svg.append(path);
  box.append(svg, make("b", "", title));
  if (hint) box.append(make("span", "", hint));
  if (retry) {
    const b = make("button", "a-btn small", say("retry"));
    b.type = "button";
    b.onclick = retry;
    box.append(b);
  }
  return box;
}
export function waiting() {
  const box = make("div", "a-wait");
  box.setAttribute("role", "status");
  box.setAttribute("aria-label", say("loading"));
  for (const w of [92, 76, 84, 60]) {
    const s = make("span");
    s.style.width = w + "%";
    box.append(s);
  }
  return box;
}
const near = (x) => (typeof x === "number" ? String(+x.toPrecision(6)) : x);
export function limitsOf(limits) {
  // of a parameter's definition: the ranges that hold always, gentlest first, as bands to draw, and the words of the first
  const bands = (limits ?? [])
    .filter((one) => one?.kind === "range" && !one.when && (one.minimum != null || one.maximum != null))
    .map((one) => ({ level: one.severity, low: one.minimum ?? null, high: one.maximum ?? null, outside: one.outside !== false }))
    .sort((a, b) => a.level - b.level);
  const first = bands[0],
    worded = (limits ?? []).map((one) => one?.text ?? one)[0] ?? "";
  const text = first
    ? first.low == null
      ? `≤ ${near(first.high)}`
      : first.high == null
        ? `≥ ${near(first.low)}`
        : `${first.outside ? "" : "∉ "}${near(first.low)} … ${near(first.high)}`
    : worded;
  return { bands, text };
}
