// What all widgets share: words, the user's choices, times, numbers, elements, requests to the interface.
export const say = (key) => window.AELITA_WORDS?.[key] ?? key;
export const SEVERITY = ["severity.0", "severity.1", "severity.2", "severity.3", "severity.4", "severity.5"];

const DEFAULTS = { lang: "en", theme: "dark", form: "date", which: "scet" };
export function choices() { // of the cookie aelita_look: lang=ru&theme=light&form=date|doy&which=scet|ert
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
window.addEventListener("aelita:choice", (e) => { now = e.detail; });

export function day(text) { const d = Date.UTC(+text.slice(0, 4), +text.slice(5, 7) - 1, +text.slice(8, 10)); return Math.round((d - Date.UTC(+text.slice(0, 4), 0, 0)) / 864e5); }
export function date(text) { return now.form === "doy" ? `${text.slice(0, 4)}-${String(day(text)).padStart(3, "0")}` : text.slice(0, 10); }
export function instant(text, digits = 3) { // an instant of the interface, RFC 3339, by the user's choice of form
  if (!text) return "–";
  const fraction = digits ? (text.slice(20).replace("Z", "") + "000000000").slice(0, digits) : "";
  return `${date(text)} ${text.slice(11, 19)}${digits ? "." + fraction : ""}`;
}
export const fromMs = (ms) => (Number.isFinite(ms) ? new Date(ms).toISOString() : "");
export function chosen(row, scet = "t", ert = "rt") { return now.which === "ert" ? row[ert] : row[scet] ?? row[ert]; }
export const whichTime = () => (now.which === "ert" ? say("time.ert") : say("time.scet"));

export function span(s) { // a duration in seconds, in two units at most
  if (s == null || !Number.isFinite(s)) return "–";
  const sign = s < 0 ? "−" : ""; s = Math.abs(s);
  if (s < 10) return `${sign}${s.toFixed(1)} s`;
  if (s < 120) return `${sign}${Math.round(s)} s`;
  if (s < 7200) return `${sign}${Math.floor(s / 60)} min ${String(Math.floor(s % 60)).padStart(2, "0")} s`;
  if (s < 172800) return `${sign}${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${sign}${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
export function light(s) { return s == null ? "–" : `${Math.floor(s / 60)}m ${(s % 60).toFixed(3).padStart(6, "0")}s`; }
export function scaled(x, unit, base = 1000) {
  if (x == null || !Number.isFinite(x)) return "–";
  const names = ["", "k", "M", "G", "T"]; let k = 0;
  while (Math.abs(x) >= base && k < 4) { x /= base; k++; }
  return `${x >= 100 || k === 0 && Number.isInteger(x) ? Math.round(x) : x.toPrecision(3)} ${names[k]}${unit}`;
}
export function number(v) { // six significant digits, points one under another: what a screen needs; the archive keeps all
  if (v == null || v === "") return "–";
  if (typeof v === "boolean") return say(v ? "yes" : "no");
  if (typeof v === "number") {
    if (Number.isInteger(v) && Math.abs(v) < 1e15) return String(v);
    const a = Math.abs(v);
    return a !== 0 && (a < 1e-4 || a >= 1e9) ? v.toExponential(4) : v.toFixed(Math.max(0, Math.min(6, 5 - Math.floor(Math.log10(a)))));
  }
  return typeof v === "object" ? JSON.stringify(v) : String(v);
}
export function make(tag, cls, text) { const e = document.createElement(tag); if (cls) e.className = cls; if (text != null) e.textContent = text; return e; }
export function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); }
export const short = (name) => name.split("/").slice(-1)[0];

export class Refused extends Error { constructor(status, told) { super(told.detail ?? `HTTP ${status}`); this.status = status; this.remedy = told.remedy ?? ""; this.where = told.where ?? ""; } }
export async function ask(path, query = {}, how = {}) { // of /api/v1; throws Refused, or TypeError when the centre is not reached
  const url = new URL(path.startsWith("/") ? path : "/api/v1/" + path, location.origin);
  for (const [k, v] of Object.entries(query)) if (v !== "" && v != null) url.searchParams.set(k, v);
  const answer = await fetch(url, how);
  if (answer.status === 401) { location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search); }
  if (!answer.ok) { let told = {}; try { told = await answer.json(); } catch { /* not of the interface */ } throw new Refused(answer.status, told); }
  return answer;
}
export function remember(query) { // the state of a page in its address
  const url = new URL(location);
  for (const [k, v] of Object.entries(query)) { if (v === "" || v == null) url.searchParams.delete(k); else url.searchParams.set(k, v); }
  history.replaceState(history.state, "", url);
}
const DRAWN = { empty: "M6 12h22v16H6zM6 12l4-6h14l4 6M13 17h8", bad: "M17 5l14 24H3zM17 14v7M17 24v1" };
export function stateOf(kind, title, hint, retry) { // the designed empty and error states, drawn by widgets as by frame.py
  const box = make("div", "a-state" + (kind === "bad" ? " bad" : "")); box.setAttribute("role", kind === "bad" ? "alert" : "status");
  const ns = "http://www.w3.org/2000/svg", svg = document.createElementNS(ns, "svg"), path = document.createElementNS(ns, "path");
  svg.setAttribute("viewBox", "0 0 34 34"); svg.setAttribute("aria-hidden", "true"); path.setAttribute("d", DRAWN[kind] ?? DRAWN.empty); svg.append(path);
  box.append(svg, make("b", "", title));
  if (hint) box.append(make("span", "", hint));
  if (retry) { const b = make("button", "a-btn small", say("retry")); b.type = "button"; b.onclick = retry; box.append(b); }
  return box;
}
export function waiting() { const box = make("div", "a-wait"); box.setAttribute("role", "status"); box.setAttribute("aria-label", say("loading")); for (const w of [92, 76, 84, 60]) { const s = make("span"); s.style.width = w + "%"; box.append(s); } return box; }
const near = (x) => (typeof x === "number" ? String(+x.toPrecision(6)) : x);
export function limitsOf(limits) { // of a parameter's definition: the ranges that hold always, gentlest first, as bands to draw, and the words of the first
  const bands = (limits ?? []).filter((one) => one?.kind === "range" && !one.when && (one.minimum != null || one.maximum != null))
    .map((one) => ({ level: one.severity, low: one.minimum ?? null, high: one.maximum ?? null, outside: one.outside !== false })).sort((a, b) => a.level - b.level);
  const first = bands[0], worded = (limits ?? []).map((one) => one?.text ?? one)[0] ?? "";
  const text = first ? (first.low == null ? `≤ ${near(first.high)}` : first.high == null ? `≥ ${near(first.low)}` : `${first.outside ? "" : "∉ "}${near(first.low)} … ${near(first.high)}`) : worded;
  return { bands, text };
}
