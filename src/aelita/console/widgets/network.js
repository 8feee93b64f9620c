// Who hears whom: spacecraft, stations, agencies; a solid line where frames come now, dashed where not, grey when nothing is told.
import { subscribe, watch } from "aelita-bus";
import { say, scaled, stateOf } from "aelita-face";
const NS = "http://www.w3.org/2000/svg",
  W = 640;
const svg = (tag, attributes, text) => {
  const e = document.createElementNS(NS, tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text != null) e.textContent = text;
  return e;
};
export default {
  template: `<div style="height:100%"></div>`,
  mounted() {
    this.links = new Map();
    this.state = "connecting";
    this.line = "connecting";
    const take = (all, whole) => {
      if (whole) this.links.clear();
      for (const o of all)
        if (o.gone) this.links.delete(`${o.agency}/${o.spacecraft}/${o.station}`);
        else this.links.set(`${o.agency}/${o.spacecraft}/${o.station}`, o);
      this.draw();
    };
    this.offs = [
      watch((l) => {
        if (l.state !== this.line) {
          this.line = l.state;
          this.draw();
        }
      }),
      subscribe(
        { topic: "links", rate_hz: 1 },
        {
          snapshot: (all) => take(all, true),
          updates: (all) => take(all, false),
          state: (s) => {
            this.state = s;
            this.draw();
          },
        },
      ),
    ];
  },
  unmounted() {
    for (const off of this.offs) off();
  },
  methods: {
    draw() {
      const mean = (agency) => {
        const at = links.filter((o) => o.agency === agency).map((o) => columns[1].indexOf(o.station));
        return at.reduce((x, y) => x + y, 0) / at.length;
      };
      const links = [...this.links.values()],
        told = this.line === "alive" && this.state === "live";
      if (!links.length) {
        this.$el.replaceChildren(stateOf("empty", say("overview.no.links"), say("overview.no.links.hint")));
        return;
      }
      const columns = [
        ["spacecraft", "spacecraft"],
        ["station", "station"],
        ["agency", "agency"],
      ].map(([f]) => [...new Set(links.map((o) => o[f]))].sort());
      columns[2].sort((a, b) => mean(a) - mean(b)); // agencies beside their stations
      const box = this.$el.getBoundingClientRect(),
        H = Math.max(150, 70 * Math.max(...columns.map((c) => c.length)), box.width ? (W * box.height) / box.width - 4 : 0),
        x = [90, W / 2, W - 90],
        place = (c, n) => {
          const list = columns[c];
          return [x[c], (H / (list.length + 1)) * (list.indexOf(n) + 1)];
        };
      const root = svg("svg", {
        viewBox: `0 0 ${W} ${H}`,
        width: "100%",
        height: "100%",
        role: "img",
        "aria-label": say("overview.network.alt"),
        "data-network": told ? "told" : "unknown",
      });
      const labels = [];
      const join = ([x1, y1], [x2, y2], cls, text, first, second) => {
        const on = told && cls !== "off",
          ink = !told ? "var(--stale)" : { ok: "var(--ok)", warn: "var(--warn)", off: "var(--line2)" }[cls];
        root.append(
          svg("line", {
            x1: x1 + first,
            y1,
            x2: x2 - second,
            y2,
            stroke: ink,
            "stroke-width": on ? 1.8 : 1.2,
            "stroke-dasharray": on && cls === "ok" ? "none" : "3 5",
            class: "net-line",
          }),
        );
        if (text && told) labels.push([(x1 + x2) / 2 + (first - second) / 2, (y1 + y2) / 2, text]);
      };
      const station = new Map(),
        heard = new Map();
      for (const o of links) {
        const cls = o.alive && o.lock === "locked" ? "ok" : o.alive && o.state === "active" ? "warn" : "off";
        join(place(0, o.spacecraft), place(1, o.station), cls, "", 62, 62);
        if (cls === "ok") heard.set(o.spacecraft, Math.max(heard.get(o.spacecraft) ?? 0, o.frames_per_s ?? 0));
        const k = o.station + "/" + o.agency,
          was = station.get(k);
        station.set(k, { o, cls: was?.cls === "ok" ? "ok" : cls, rate: (was?.rate ?? 0) + (o.alive ? (o.bit_rate ?? 0) : 0) });
      }
      for (const { o, cls, rate } of station.values())
        join(place(1, o.station), place(2, o.agency), cls, cls === "ok" ? scaled(rate, "bit/s") : "", 62, 62);
      columns.forEach((list, c) =>
        list.forEach((n) => {
          const [px, py] = place(c, n);
          root.append(
            svg("rect", {
              x: px - 62,
              y: py - 17,
              width: 124,
              height: 34,
              rx: 5,
              fill: c === 0 ? "var(--acc-bg)" : "var(--bg2)",
              stroke: c === 0 ? "var(--acc)" : "var(--line2)",
            }),
            svg(
              "text",
              {
                x: px,
                y: py + (told && c === 0 && heard.has(n) ? -1 : 4),
                "text-anchor": "middle",
                "font-size": 12.5,
                "font-weight": 500,
                fill: "var(--fg0)",
              },
              n,
            ),
          );
          if (told && c === 0 && heard.has(n))
            root.append(
              svg(
                "text",
                { x: px, y: py + 12, "text-anchor": "middle", "font-size": 9.5, fill: "var(--fg1)" },
                `${heard.get(n).toFixed(1)} ${say("overview.frames.s")}`,
              ),
            );
        }),
      );
      for (const [lx, ly, text] of labels) {
        const w = text.length * 6 + 10;
        root.append(
          svg("rect", { x: lx - w / 2, y: ly - 8, width: w, height: 16, fill: "var(--bg1)" }),
          svg("text", { x: lx, y: ly + 4, "text-anchor": "middle", "font-size": 10.5, fill: "var(--fg1)" }, text),
        );
      }
      ["column.spacecraft", "column.station", "column.agency"].forEach((k, c) =>
        root.append(svg("text", { x: x[c], y: 14, "text-anchor": "middle", "font-size": 10, fill: "var(--fg2)" }, say(k))),
      );
      if (!told)
        root.append(
          svg("text", { x: W / 2, y: H - 8, "text-anchor": "middle", "font-size": 12, fill: "var(--stale)" }, say("unknown")),
        );
      this.$el.replaceChildren(root);
    },
  },
};
