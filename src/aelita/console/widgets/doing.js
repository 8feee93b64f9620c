// What a step of a procedure does and what came of it: the words of the interface, taken apart and said in the user's language.
import { say, short } from "aelita-face";
const BEGINS = [
  ["send ", "send"],
  ["wait for ", "wait"],
  ["check ", "check"],
  ["read ", "read"],
  ["ask: ", "ask"],
  ["say: ", "say"],
  ["section ", "section"],
];
const OUTCOMES = ["met", "timed out", "failed", "holds", "does not hold", "done"];
const known = (key, text) => (say(key) === key ? text : say(key));
const number = (text) => String(Number(text));

export function doing(text) {
  // { kind, text, request, wanted }: what a step does; `request` is the one that it waits for, `wanted` what is to become of it
  const [begin, kind] = BEGINS.find(([one]) => text?.startsWith(one)) ?? ["", "other"];
  const rest = (text ?? "").slice(begin.length);
  if (kind === "send") return { kind, text: rest.replaceAll("/TGO_TC/", ""), request: "", wanted: "" };
  if (kind !== "wait") return { kind, text: rest, request: "", wanted: "" };
  const most = /, at most ([\d.e+]+) s$/.exec(rest),
    what = most ? rest.slice(0, most.index) : rest,
    until = most ? ` · ${say("procedures.at.most").replace("{s}", number(most[1]))}` : "";
  const reached = /^request (\S+) (\w+)$/.exec(what),
    delay = /^([\d.e+]+) s$/.exec(what);
  if (reached)
    return {
      kind,
      text: `${reached[1]}: ${known("commands.state." + reached[2], reached[2])}${until}`,
      request: reached[1],
      wanted: reached[2],
    };
  return { kind, text: (delay ? `${number(delay[1])} s` : what) + until, request: "", wanted: "" };
}
export function outcome(text) {
  // { text, level, request }: what came of a step
  const asked = /^request (\S+?)(?: refused: (.*))?$/.exec(text);
  if (asked) return { text: asked[2] ? `${say("procedures.refused")}: ${asked[2]}` : "", level: asked[2] ? 4 : 0, request: asked[1] };
  const seen = / \((.*)\)$/.exec(text),
    told = seen ? text.slice(0, seen.index) : text,
    plain = { True: "holds", False: "does not hold" }[told] ?? told;
  if (!OUTCOMES.includes(plain)) return { text, level: 0, request: "" };
  return {
    text: say("procedures.outcome." + plain) + (seen ? ` (${seen[1]})` : ""),
    level: { "timed out": 2, failed: 4, "does not hold": 2 }[plain] ?? 0,
    request: "",
  };
}
export function waysOf(path) {
  // the steps of one way of a dry run, each with what is taken to come of it
  let next = 0;
  return path.steps.map((text) => {
    const choice = path.choices[next] ?? "";
    if (!choice.startsWith(text + ": ")) return { ...doing(text), outcome: null };
    next += 1;
    const told = choice.slice(text.length + 2),
      sent = /^Sent\(.*taken=(True|False)/.exec(told);
    if (!sent) return { ...doing(text), outcome: outcome(told) };
    return { ...doing(text), outcome: sent[1] === "True" ? null : { text: say("procedures.refused"), level: 4 } };
  });
}
export const kindOf = (kind) => say("procedures.kind." + kind);
export const level = (state) =>
  ({ held: "1", running: "0", stepping: "0", completed: "0", failed: "4", aborted: "2", suspended: "3" })[state] ?? "0";
export const brief = (call) =>
  short(call.command) +
  Object.entries(call.arguments)
    .map(([k, v]) => ` ${k}=${v}`)
    .join("");

export function stepsOf(log) {
  // the records of a log put together by steps: [{ number, at, kind, text, outcome, by, actions, asked, again }]
  const made = new Map();
  let last = null;
  for (const r of log) {
    if (r.kind === "step") {
      last = { number: r.step, at: r.at, ...doing(r.text), outcome: null, by: "", asked: "", again: 0, sent: r.request };
      made.set(r.step, last);
    } else if (r.kind === "outcome" && made.has(r.step)) Object.assign(made.get(r.step), { outcome: outcome(r.text), by: r.by });
    else if (r.kind === "asked" && made.has(r.step)) made.get(r.step).asked = r.text;
    else if ((r.kind === "again" || r.kind === "repeat") && made.has(r.step)) made.get(r.step).again += 1;
  }
  return [...made.values()];
}
export function recorded(r) {
  // the text of a record of a log
  if (r.kind === "step") {
    const d = doing(r.text);
    return `${kindOf(d.kind)} ${d.text}`;
  }
  if (r.kind === "outcome") {
    const o = outcome(r.text);
    return o.request && !o.text ? o.request : o.text;
  }
  if (r.kind === "action") return known("procedures.act." + ({ run: "resume" }[r.text] ?? r.text), r.text);
  if (r.kind === "ended") {
    const [state, ...why] = r.text.split(": ");
    return [known("procedures.state." + state, state), ...why].join(": ");
  }
  return r.kind === r.text ? "" : r.text;
}
