// What is wrong with an argument as it is typed, by its definition. The centre checks all of it again when the request is prepared.
import { say } from "aelita-face";
const WHOLE = /^[+-]?(\d+|0x[\da-f]+|0o[0-7]+|0b[01]+)$/i;
const told = (key, what = {}) =>
  Object.entries(what).reduce((text, [k, v]) => text.replace(`{${k}}`, v), say("commands.fault." + key));
const numberOf = (text) => {
  const sign = text.startsWith("-") ? -1 : 1,
    plain = text.replace(/^[+-]/, "");
  return sign * (/^0[xob]/i.test(plain) ? Number(plain) : parseFloat(plain.length ? plain : "x"));
};
function outside(a, value) {
  const spans = (a.spans ?? []).filter((s) => s.calibrated);
  const within = (s) =>
    (s.minimum == null || (s.minimum_exclusive ? value > s.minimum : value >= s.minimum)) &&
    (s.maximum == null || (s.maximum_exclusive ? value < s.maximum : value <= s.maximum));
  return spans.length && spans.length === a.spans.length && !spans.some(within);
}
export const range = (a) => (a.spans ?? []).map((s) => s.text).join(", ");

export function fault(a, text) {
  // nothing when it may be sent
  const given = (text ?? "").trim();
  if (!given) return a.required && !(a.type === "String" && !a.least_characters && text) ? told("needed") : "";
  if (a.labels?.length && (a.type === "Enumerated" || a.type === "Boolean"))
    return a.labels.some((l) => l.label === given) ? "" : told("label");
  if (a.type === "Integer" || a.type === "Float") {
    if (a.type === "Integer" ? !WHOLE.test(given) : !Number.isFinite(Number(given)))
      return told(a.type === "Integer" ? "whole" : "number");
    return outside(a, a.type === "Integer" ? numberOf(given) : Number(given)) ? told("range", { range: range(a) }) : "";
  }
  if (a.type === "Binary") return /^(0x)?([\da-f]{2}\s*)*$/i.test(given) ? "" : told("hex");
  if (a.type === "String") {
    const n = [...text].length;
    if (n < (a.least_characters ?? 0) || (a.most_characters != null && n > a.most_characters))
      return told("length", { least: a.least_characters ?? 0, most: a.most_characters ?? "∞" });
    try {
      return a.pattern && !new RegExp(`^(?:${a.pattern})$`, "u").test(text) ? told("pattern", { pattern: a.pattern }) : "";
    } catch {
      return ""; // a pattern that this browser cannot read is the centre's to check
    }
  }
  if (a.type === "Array" || a.type === "Aggregate") return nested(a, given);
  return "";
}
function nested(a, given) {
  let value;
  try {
    value = JSON.parse(given);
  } catch {
    return told(a.type === "Array" ? "list" : "object");
  }
  return inside(a, value);
}
function inside(a, value) {
  const text = (v) => (typeof v === "string" ? v : JSON.stringify(v));
  if (a.type === "Array") {
    if (!Array.isArray(value)) return told("list");
    for (const [i, one] of value.entries()) {
      const wrong = a.element
        ? a.element.members?.length || a.element.type === "Array"
          ? inside(a.element, one)
          : fault({ ...a.element, required: true }, text(one))
        : "";
      if (wrong) return `${i + 1}: ${wrong}`;
    }
    return "";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return told("object");
  for (const m of a.members ?? []) {
    const wrong =
      m.type === "Array" || m.type === "Aggregate"
        ? value[m.name] == null
          ? told("needed")
          : inside(m, value[m.name])
        : fault({ ...m, required: true }, value[m.name] == null ? "" : text(value[m.name]));
    if (wrong) return `${m.name}: ${wrong}`;
  }
  const strange = Object.keys(value).find((k) => !(a.members ?? []).some((m) => m.name === k));
  return strange ? told("member", { name: strange }) : "";
}

export function doubt(a, text) {
  // what the centre will perhaps refuse: a whole number that does not fit its bits
  const found = /^(\d+) bits, (unsigned|twosComplement)/.exec(a.encoding ?? ""),
    given = (text ?? "").trim();
  if (a.type !== "Integer" || !found || !WHOLE.test(given)) return "";
  const bits = Number(found[1]),
    value = numberOf(given),
    [low, high] = found[2] === "unsigned" ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return value < low || value > high ? told("bits", { bits }) : "";
}
