// The corridor of aerobraking: loads of each pass beneath their limits, periapsis and apoapsis, trims, and what it came to.
import { fromMs, instant, make, say } from "aelita-face";
import { Figure, withUnit } from "aelita-figure";
import { utcMs } from "aelita-sky";
import { facts, known, productView, shownValue, table } from "aelita-published";
const LISTED = 400;
export default productView(
  "corridor",
  `<section class="a-card nv-wide" :aria-label="word('nav.corridor')"><header><h2>{{word('nav.corridor')}}</h2><span class="grow"></span><span class="a-seg" role="group" :aria-label="word('nav.over')"><button type="button" :aria-pressed="!byNumber" data-over="time" @click="over(false)">{{word('nav.over.time')}}</button><button type="button" :aria-pressed="byNumber" data-over="number" @click="over(true)">{{word('nav.over.number')}}</button></span></header><div class="body flush"><div ref="figure"></div></div></section><div class="nv-side"><section class="a-card" :aria-label="word('nav.totals')"><header><h2>{{word('nav.totals')}}</h2></header><div class="body" ref="totals"></div></section><section class="a-card" :aria-label="word('nav.pass')"><header><h2>{{word('nav.pass')}}</h2></header><div class="body" ref="pass"></div></section><section class="a-card nv-grow" :aria-label="word('nav.over.limits')"><header><h2>{{word('nav.over.limits')}}</h2></header><div class="body" ref="beyond"></div></section></div>`,
  {
    data: { byNumber: false },
    shown(view, data) {
      view.raw = data;
      view.figure ??= new Figure(view.$refs.figure, { onAt: (k) => view.pass(view.passes[k]) });
      view.passes = data.passes.filter((one) => Number.isFinite(utcMs(one.utc))).sort((a, b) => a.number - b.number);
      view.figure.view = null;
      view.figure.at = NaN;
      view.draw();
      view.tell();
    },
    ended: (view) => view.figure?.end(),
    methods: {
      over(byNumber) {
        this.byNumber = byNumber;
        this.figure.view = null;
        this.figure.at = NaN;
        this.draw();
      },
      above(one) {
        const l = this.raw.limits ?? {};
        return one.pressure_n_m2 > (l.pressure_n_m2 ?? Infinity) || one.heat_flux_w_m2 > (l.heat_flux_w_m2 ?? Infinity);
      },
      draw() {
        const all = this.passes,
          limits = this.raw.limits ?? {},
          x = all.map((one) => (this.byNumber ? one.number : utcMs(one.utc))),
          inks = all.map((one) => (this.above(one) ? "crit" : "s1")),
          trims = all.filter((one) => one.trim_m_s),
          points = (key, ink = "s1", scale = 1) => ({ x, y: all.map((one) => (one[key] == null ? null : one[key] * scale)), ink, form: "points", size: 1.5 }),
          limit = (key) => (limits[key] > 0 ? [{ value: limits[key], name: say("nav.limit"), beyond: "above" }] : []);
        this.figure.set({
          label: say("nav.corridor"),
          x: this.byNumber ? { kind: "number", name: say("nav.pass.number"), unit: "" } : { kind: "time", name: "UTC" },
          panels: [
            { title: say("nav.pressure"), unit: "N/m²", weight: 1.2, zero: true, series: [{ ...points("pressure_n_m2"), inks }], limits: limit("pressure_n_m2") },
            { title: say("nav.flux"), unit: "W/m²", weight: 1.2, zero: true, series: [{ ...points("heat_flux_w_m2"), inks }], limits: limit("heat_flux_w_m2") },
            {
              title: say("nav.periapsis"),
              unit: "km",
              series: [
                points("periapsis_km", "s3"),
                {
                  name: say("nav.trims"),
                  x: trims.map((one) => (this.byNumber ? one.number : utcMs(one.utc))),
                  y: trims.map((one) => one.periapsis_km),
                  says: trims.map((one) => withUnit(one.trim_m_s, "m/s")),
                  ink: "s2",
                  form: "points",
                  size: 3,
                },
              ],
            },
            { title: say("nav.apoapsis"), unit: "km", zero: true, series: [{ ...points("apoapsis_km", "s4"), form: "line" }] },
          ],
          note: say("nav.figure.hint"),
        });
      },
      tell() {
        const all = this.passes,
          beyond = all.filter((one) => this.above(one)),
          last = all.at(-1),
          limits = this.raw.limits ?? {},
          most = (key) => all.reduce((m, one) => Math.max(m, one[key] ?? -Infinity), -Infinity);
        this.$refs.totals.replaceChildren(
          facts([
            [say("nav.passes.count"), shownValue(all.length)],
            [say("nav.from.to"), all.length ? `${instant(all[0].utc, 0).slice(0, -9)} – ${instant(last.utc, 0).slice(0, -9)}` : "–"],
            [say("nav.most.pressure"), `${withUnit(most("pressure_n_m2"), "N/m²")} / ${withUnit(limits.pressure_n_m2, "N/m²")}`],
            [say("nav.most.flux"), `${withUnit(most("heat_flux_w_m2"), "W/m²")} / ${withUnit(limits.heat_flux_w_m2, "W/m²")}`],
            ...Object.entries(this.raw.totals ?? {}).map(([k, v]) => [known("nav.total." + k, k.replaceAll("_", " ")), shownValue(v)]),
          ]),
        );
        this.$refs.beyond.replaceChildren(
          beyond.length
            ? table(
                say("nav.over.limits"),
                ["№", say("nav.pressure"), say("nav.flux")],
                beyond.slice(0, LISTED).map((one) => ({
                  cells: [String(one.number), withUnit(one.pressure_n_m2, "N/m²"), withUnit(one.heat_flux_w_m2, "W/m²")],
                  pick: () => {
                    this.figure.cursor(this.byNumber ? one.number : utcMs(one.utc), true);
                  },
                })),
              )
            : make("p", "st st0", say("nav.within")),
        );
        this.pass(null);
      },
      pass(one) {
        this.$refs.pass.replaceChildren(
          one
            ? facts([
                ["№", shownValue(one.number)],
                ["UTC", instant(fromMs(utcMs(one.utc)), 0)],
                [say("nav.periapsis"), withUnit(one.periapsis_km, "km")],
                [say("nav.density"), withUnit(one.density_kg_m3, "kg/m³")],
                [say("nav.pressure"), withUnit(one.pressure_n_m2, "N/m²")],
                [say("nav.flux"), withUnit(one.heat_flux_w_m2, "W/m²")],
                [say("nav.apoapsis"), withUnit(one.apoapsis_km, "km")],
                [say("nav.period"), withUnit(one.period_h, say("nav.hours"))],
                [say("nav.trim"), withUnit(one.trim_m_s, "m/s")],
              ])
            : make("p", "dim", say("nav.pass.hint")),
        );
      },
    },
  },
);
