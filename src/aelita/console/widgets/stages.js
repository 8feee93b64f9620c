// Steps of a command in the order of time, with a countdown in light time. They stand still, and say so, when the centre is not heard.
import { line, watch } from "aelita-bus";
import { instant, make, say } from "aelita-face";
const EACH_MS = 250;

export function missionNow() {
  // milliseconds of the mission's clock between the ticks, NaN while none was heard
  return line.tick ? Date.parse(line.tick.mission) + (performance.now() - line.at) * (line.tick.speed ?? 1) : NaN;
}
export function clock(s) {
  // a time to wait as a clock: 12:31, 1:02:31, 2 d 01:02:31
  const whole = Math.max(0, Math.ceil(s)),
    two = (n) => String(n).padStart(2, "0"),
    days = Math.floor(whole / 86400),
    hours = Math.floor((whole % 86400) / 3600);
  const short = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return days ? `${days} d ${two(hours)}:${short}` : hours ? `${hours}:${short}` : short;
}
const SHAPES = { done: "commands.step.done", ahead: "commands.step.ahead", bad: "commands.step.bad", none: "commands.step.none" };

export class Steps {
  // steps: [{ key, title, at (instant or null), kind: done | ahead | bad | none, note, counts (say how long until then) }]
  constructor(box, label) {
    this.list = make("ol", "m-steps");
    this.list.setAttribute("aria-label", label);
    this.say = make("div", "m-count");
    this.say.setAttribute("role", "timer");
    box.append(this.list, this.say);
    this.steps = [];
    this.off = watch(() => this.tick());
    this.timer = setInterval(() => this.tick(), EACH_MS);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.draw()));
  }
  end() {
    this.off();
    clearInterval(this.timer);
    window.removeEventListener("aelita:choice", this.onChoice);
  }
  set(steps, old = false) {
    this.steps = steps;
    this.old = old;
    this.draw();
  }
  draw() {
    let day = "";
    this.list.replaceChildren(
      ...this.steps.map((s) => {
        const e = make("li", s.kind);
        e.dataset.step = s.key;
        e.append(make("i"), make("b", "", s.title), make("span", "only-read", say(SHAPES[s.kind])));
        const when = s.at ? instant(s.at, 0).split(" ") : null;
        const time = make("span", "m-when mono", when ? when[1] : s.kind === "none" ? say("commands.step.none") : "");
        if (when) {
          time.title = instant(s.at);
          if (s.kind === "ahead" && !s.planned) time.prepend("≥ ");
          e.append(make("span", "m-day", when[0] === day ? "\u00a0" : when[0]));
          day = when[0];
        }
        e.append(time);
        if (s.note) {
          const note = make("span", "m-note", s.note);
          note.title = s.note;
          e.append(note);
        }
        return e;
      }),
    );
    this.tick();
  }
  tick() {
    const alive = line.state === "alive" && !this.old,
      now = missionNow();
    this.list.classList.toggle("old", !alive);
    this.say.classList.toggle("old", !alive);
    if (!this.steps.length) return this.tell("");
    if (!alive) return this.tell(line.state === "connecting" && !this.old ? "" : say("commands.count.stale"));
    let next = null;
    this.list.querySelectorAll("li").forEach((e, i) => {
      const s = this.steps[i],
        until = s.kind === "ahead" && s.at ? (Date.parse(s.at) - now) / 1000 : NaN;
      e.classList.toggle("late", until < 0 && !!s.counts);
      if (until >= 0 && s.counts && !next) next = [s, until];
    });
    const late = this.steps.find((s) => s.kind === "ahead" && s.at && s.counts && s.awaited && Date.parse(s.at) < now);
    const said = [];
    if (late)
      said.push(
        say("commands.count.awaited")
          .replace("{what}", late.title)
          .replace("{time}", instant(late.at, 0).slice(-8))
          .replace("{for}", clock((now - Date.parse(late.at)) / 1000)),
      );
    if (next)
      said.push(
        say("commands.count." + next[0].key)
          .replace("{in}", clock(next[1]))
          .replace("{time}", instant(next[0].at, 0).slice(-8)),
      );
    this.tell(said.join(" · "));
  }
  tell(text) {
    if (this.say.textContent !== text) this.say.textContent = text;
  }
}

export function stepsOfTimes(times) {
  // the steps of a command that was not released yet, by its times
  const step = (key, at, note = "") => ({ key, title: say("commands.time." + key), at, kind: "ahead", note, planned: true });
  const burst = (Date.parse(times.radiation_stop) - Date.parse(times.radiation_start)) / 1000;
  return [
    step("release", times.release),
    step("radiation", times.radiation_start, burst > 0 ? `${say("commands.takes")} ${burst.toFixed(burst < 10 ? 3 : 0)} s` : ""),
    step("arrival", times.arrival, `${say("commands.light")} ${clock(times.up_s)}`),
    step("execution", times.execution),
    step("acceptance", times.acceptance, `${say("commands.round")} ${clock(times.round_trip_s)}`),
    step("evidence", times.evidence),
  ];
}
