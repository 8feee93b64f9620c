// A launch: the window day by day, the ascent with its events, the timeline, and how injection disperses.
import { date, instant, make, say } from "aelita-face";
import { Figure, withUnit } from "aelita-figure";
import { utcMs } from "aelita-sky";
import { cell, facts, known, productView, rowsTable, shownValue, table } from "aelita-published";
const minutes = (t) => (t ? (utcMs(t) % 86400e3) / 60000 : NaN),
  clock = (t) => (t ? t.slice(11, 19) : "–");
const timed = (t) => {
  const made = cell(clock(t));
  made.title = instant(t, 0);
  return made;
};
const quietest = (all) => {
  // the time of day (minutes) farthest from every window: there the axis may begin
  const spans = all.map((one) => [minutes(one.open), minutes(one.close)]).filter((ends) => ends.every(Number.isFinite)),
    round = (m) => ((m % 1440) + 1440) % 1440,
    away = (m) => Math.min(1440, ...spans.map(([a, b]) => (round(m - a) <= round(b - a) ? 0 : Math.min(round(a - m), round(m - b))))),
    tried = Array.from({ length: 288 }, (_, n) => 5 * n);
  return tried.reduce((a, b) => (away(b) > away(a) ? b : a), 0);
};
const since = (s) => {
  const whole = Math.abs(Math.round(s)),
    two = (n) => String(n).padStart(2, "0");
  return `T${s < 0 ? "−" : "+"}${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
};
const named = (k) => known("nav.column." + k, k.replaceAll("_", " "));
function dispersed(told) {
  // single values one under another; what has parts (shares of each source) as a table
  const parts = (v) => v && typeof v === "object" && !Array.isArray(v) && Object.values(v).every((one) => one && typeof one === "object"),
    all = Object.entries(told);
  return [
    facts(all.filter(([, v]) => !parts(v)).map(([k, v]) => [named(k), shownValue(v)])),
    ...all
      .filter(([, v]) => parts(v))
      .flatMap(([k, v]) => [make("h3", "a-part", named(k)), rowsTable(named(k), Object.entries(v).map(([source, one]) => ({ source, ...(k === "shares" ? percents(one) : brief(one)) })))]),
  ];
}
const percents = (one) => Object.fromEntries(Object.entries(one).map(([k, v]) => [k, typeof v !== "number" ? v : v < 0.0005 ? "<0.1 %" : `${(100 * v).toFixed(1)} %`]));
const brief = (one) => Object.fromEntries(Object.entries(one).map(([k, v]) => [k, typeof v === "number" ? String(+v.toPrecision(2)).replaceAll("-", "−") : v]));
export default productView(
  "launch",
  `<div class="nv-wide nv-stack"><section class="a-card" :aria-label="word('nav.window')"><header><h2>{{word('nav.window')}}</h2><span class="grow"></span><span class="dim" data-day>{{day}}</span></header><div class="body nv-windows" ref="windows"></div></section><section class="a-card nv-grow" :aria-label="word('nav.ascent')"><div class="body flush"><div ref="figure"></div></div></section></div><div class="nv-side"><section class="a-card nv-grow" :aria-label="word('nav.timeline')"><header><h2>{{word('nav.timeline')}}</h2></header><div class="body" ref="timeline"></div></section><section class="a-card" :aria-label="word('nav.dispersion')"><header><h2>{{word('nav.dispersion')}}</h2></header><div class="body" ref="dispersion"></div></section></div>`,
  {
    data: { day: "" },
    shown(view, data) {
      view.raw = data;
      view.windows();
      const ascent = data.ascent,
        x = ascent.map((one) => one.t_s),
        panel = (title, unit, key, ink) => ({ title: say(title), unit, series: [{ x, y: ascent.map((one) => one[key]), ink, form: "line", says: key === "height_km" ? ascent.map((one) => one.event) : [] }] });
      view.figure ??= new Figure(view.$refs.figure);
      view.figure.view = null;
      view.figure.at = NaN;
      view.figure.set({
        label: say("nav.ascent"),
        x: { kind: "number", name: say("nav.since"), unit: say("nav.seconds") },
        panels: [panel("nav.height", "km", "height_km", "s1"), panel("nav.speed", "km/s", "speed_km_s", "s3"), panel("nav.mass", "kg", "mass_kg", "s2")],
        marks: ascent.filter((one) => one.event).map((one) => ({ x: one.t_s, name: one.event })),
      });
      view.$refs.timeline.replaceChildren(
        data.timeline.length
          ? table(
              say("nav.timeline"),
              [say("nav.since"), "UTC", say("nav.event")],
              data.timeline.map((one) => ({
                cells: [cell(since(one.t_s)), timed(one.utc), cell(one.name, "")],
                pick: () => view.figure.cursor(one.t_s, true),
              })),
            )
          : make("p", "dim", say("nav.timeline.none")),
      );
      view.$refs.dispersion.replaceChildren(
        ...(data.dispersion
          ? dispersed(data.dispersion)
          : [make("p", "dim", say("nav.dispersion.none"))]),
      );
    },
    ended: (view) => view.figure?.end(),
    methods: {
      windows() {
        // a bar from opening to closing for each day, on one axis of the time of day that goes on past midnight
        const all = this.raw.windows,
          cut = quietest(all),
          after = (iso) => cut + ((minutes(iso) - cut + 1440) % 1440),
          ends = all.flatMap((one) => [after(one.open), after(one.close)]).filter(Number.isFinite),
          low = Math.floor(Math.min(...ends) / 30) * 30,
          high = Math.ceil(Math.max(...ends) / 30) * 30,
          whole = ends.length ? [low, Math.max(high, low + 30)] : [0, 1440],
          part = (m) => (100 * (m - whole[0])) / (whole[1] - whole[0]);
        this.day = "";
        if (!all.length) {
          this.$refs.windows.replaceChildren(make("p", "dim", say("nav.window.none")));
          return;
        }
        const worth = (one) => one.margin_kg ?? -(one.c3_km2_s2 ?? Infinity), // the most margin, else the least energy
          best = all.reduce((a, b) => (worth(b) > worth(a) ? b : a));
        const rows = all.map((one) => {
          const lane = make("td", "nv-lane"),
            bar = make("i", one === best ? "best" : ""),
            a = after(one.open),
            b = after(one.close);
          if (Number.isFinite(a)) {
            bar.style.left = part(a) + "%";
            bar.style.width = `max(3px, ${part(b) - part(a)}%)`;
            bar.title = `${clock(one.open)} – ${clock(one.close)}`;
            lane.append(bar);
          }
          return {
            cls: one === best ? "on" : "",
            cells: [
              cell(date(one.date ?? one.open ?? ""), "mono n"),
              lane,
              cell(`${clock(one.open)} – ${clock(one.close)}`),
              cell(withUnit(one.c3_km2_s2, "km²/s²")),
              cell(withUnit(one.dla_deg, "°")),
              cell(withUnit(one.margin_kg, "kg")),
            ],
            pick: () => {
              this.day = `${date(one.date ?? one.open ?? "")}: ${clock(one.open)} – ${clock(one.close)} UTC, C3 ${withUnit(one.c3_km2_s2, "km²/s²")}, ${say("nav.margin")} ${withUnit(one.margin_kg, "kg")}`;
            },
          };
        });
        const made = table(say("nav.window"), [say("nav.day"), "", "UTC", "C3", say("nav.field.dla"), say("nav.margin")], rows),
          axis = made.querySelectorAll("th")[1];
        axis.className = "nv-lane";
        const step = [5, 10, 15, 30, 60, 120, 240].find((m) => (whole[1] - whole[0]) / m <= 4) ?? 360;
        for (let m = Math.ceil(whole[0] / step) * step; m <= whole[1]; m += step) {
          const t = make("span", "", `${String(Math.floor(m / 60) % 24).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`),
            at = part(m);
          t.style.left = at + "%";
          t.style.transform = `translateX(-${at < 4 ? 0 : at > 96 ? 100 : 50}%)`;
          axis.append(t);
        }
        this.$refs.windows.replaceChildren(made);
      },
    },
  },
);
