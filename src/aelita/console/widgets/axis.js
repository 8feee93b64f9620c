// Lanes over one axis of time: spans and points, named and coloured by what they are, with a mark at the mission's now.
import { date, make, say } from "aelita-face";
const STEPS_S = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000],
  TICKS = 7,
  LEAST = 0.3; // percent: what is shorter is still seen
const parts = (ms) => new Date(ms).toISOString();
export class Axis {
  constructor(box, label) {
    this.box = box;
    box.classList.add("q-axis");
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", label);
    this.now = make("i", "q-now");
    this.now.title = say("onboard.now");
  }
  set(lanes, from, to) {
    // lanes: [{ title, marks: [{ from, to, cls, title }] }], all in milliseconds
    this.from = from;
    this.to = Math.max(to, from + 1000);
    const rows = lanes.map((lane) => {
      const row = make("div", "q-lane"),
        line = make("div", "q-line");
      for (const m of lane.marks) {
        const e = make("span", `q-mark ${m.cls}`),
          left = this.part(m.from),
          wide = this.part(m.to ?? m.from) - left;
        e.title = m.title ?? "";
        e.style.left = left + "%";
        if (m.to == null) e.classList.add("point");
        else e.style.width = Math.max(LEAST, wide) + "%";
        line.append(e);
      }
      row.append(make("b", "", lane.title), line);
      return row;
    });
    const ticks = make("div", "q-lane q-ticks"),
      line = make("div", "q-line");
    for (const [at, text] of this.ticks()) {
      const e = make("span", "", text);
      e.style.left = this.part(at) + "%";
      line.append(e);
    }
    ticks.append(make("b"), line);
    line.append(this.now);
    this.box.replaceChildren(...rows, ticks);
  }
  part(ms) {
    return (100 * (Math.min(Math.max(ms, this.from), this.to) - this.from)) / (this.to - this.from);
  }
  ticks() {
    const step = 1000 * (STEPS_S.find((s) => (this.to - this.from) / (1000 * s) <= TICKS) ?? STEPS_S.at(-1)),
      made = [];
    let day = "";
    for (let at = Math.ceil(this.from / step) * step; at < this.to; at += step) {
      const text = parts(at),
        of = date(text);
      made.push([at, step >= 86400000 || of !== day ? `${of} ${step >= 86400000 ? "" : text.slice(11, 16)}` : text.slice(11, step < 60000 ? 19 : 16)]);
      day = of;
    }
    return made;
  }
  tell(nowMs, old) {
    // where now is; a clock that stands is drawn so
    this.now.hidden = !(nowMs >= this.from && nowMs <= this.to);
    this.now.classList.toggle("old", old);
    this.now.style.left = this.part(nowMs) + "%";
    this.box.classList.toggle("old", old);
  }
}
