// Residuals of an orbit determination over time: what was used, what was edited, three sigmas; the table of links; a comparison.
import { make, say } from "aelita-face";
import { Figure, withUnit } from "aelita-figure";
import { utcMs } from "aelita-sky";
import { facts, known, productView, rowsTable, shownValue } from "aelita-published";
const mean = (all) => all.reduce((s, v) => s + v, 0) / (all.length || 1);
const named = (k) => known("nav.column." + k, k.replaceAll("_", " "));
function links(rows) {
  // few links with much to tell one under another, else a table
  const keys = Object.keys(rows[0]);
  if (rows.length > 4 || keys.length < 5) return [rowsTable(say("nav.links"), rows)];
  return rows.flatMap((one) => [make("h3", "a-part", shownValue(one[keys[0]])), facts(keys.slice(1).map((k) => [named(k), shownValue(one[k])]))]);
}
export default productView(
  "residuals",
  `<section class="a-card nv-wide" :aria-label="word('nav.residuals')"><div class="body flush"><div ref="figure"></div></div></section><div class="nv-side"><section class="a-card" :aria-label="word('nav.fit')"><header><h2>{{word('nav.fit')}}</h2></header><div class="body" ref="facts"></div></section><section class="a-card" :aria-label="word('nav.links')"><header><h2>{{word('nav.links')}}</h2></header><div class="body" ref="table"></div></section></div>`,
  {
    shown(view, data) {
      const x = data.utc.map(utcMs),
        order = x.map((_, i) => i).filter((i) => Number.isFinite(x[i])).sort((a, b) => x[a] - x[b]),
        pick = (all) => order.map((i) => all?.[i]),
        y = pick(data.residual),
        edited = pick(data.edited ?? []),
        used = y.filter((v, i) => !edited[i] && Number.isFinite(v)),
        each = Array.isArray(data.sigma) ? pick(data.sigma) : null,
        sigma = each ? mean(each.filter((v) => v > 0)) : data.sigma,
        band = (k) => ({ name: k > 0 ? "3 σ" : "", x: pick(x), y: each.map((v) => (v > 0 ? k * v : null)), ink: "warn", form: "line", width: 1, dash: [6, 4] });
      view.figure ??= new Figure(view.$refs.figure);
      view.figure.set({
        label: `${say("nav.residuals")}: ${data.observable}`,
        x: { kind: "time", name: "UTC" },
        panels: [
          {
            title: `${say("nav.residuals")}: ${data.observable}`,
            unit: data.unit,
            series: [
              {
                name: say("nav.used"),
                x: pick(x),
                y,
                ink: "s1",
                form: "points",
                inks: edited.map((e) => (e ? "crit" : "s1")),
                aside: edited,
                says: edited.map((e) => (e ? say("nav.edited") : "")),
              },
              { name: say("nav.edited"), x: [], y: [], ink: "crit", form: "points" },
              ...(each ? [band(3), band(-3)] : []),
            ],
            limits:
              !each && sigma > 0
                ? [
                    { value: 3 * sigma, name: "3 σ", ink: "warn" },
                    { value: -3 * sigma, name: "−3 σ", ink: "warn" },
                  ]
                : [],
          },
        ],
      });
      view.$refs.facts.replaceChildren(
        facts([
          [say("nav.observable"), data.observable],
          [say("nav.observations"), shownValue(y.length)],
          [say("nav.edited"), shownValue(edited.filter(Boolean).length)],
          ["RMS", withUnit(data.rms, data.unit)],
          [say("nav.mean"), used.length ? withUnit(mean(used), data.unit) : "–"],
          ["σ", withUnit(sigma, data.unit)],
        ]),
      );
      const parts = data.table?.length ? links(data.table) : [make("p", "dim", say("nav.links.none"))];
      if (data.comparison)
        parts.push(
          make("h3", "a-part", say("nav.comparison")),
          facts(Object.entries(data.comparison).map(([k, v]) => [named(k), shownValue(v)])),
        );
      view.$refs.table.replaceChildren(...parts);
    },
    ended: (view) => view.figure?.end(),
  },
);
