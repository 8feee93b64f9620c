// A simple mimic: boxes joined in their order, each with a live value, coloured by its limits and greyed when it is stale.
import { subscribe } from "aelita-bus";
import { say, number, short } from "aelita-face";
const NS = "http://www.w3.org/2000/svg",
  BOX = 150,
  GAP = 46,
  HIGH = 58,
  ROW = 92;
const svg = (tag, attributes, text) => {
  const e = document.createElementNS(NS, tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text != null) e.textContent = text;
  return e;
};
export function rowsOf(text) {
  return text
    .split(/\n\s*\n/)
    .map((part) =>
      part
        .split("\n")
        .map((l) => l.trim())
        .filter(Boolean)
        .map((l) => {
          const i = l.indexOf("=");
          return i < 0 ? { title: short(l), name: l } : { title: l.slice(0, i).trim(), name: l.slice(i + 1).trim() };
        }),
    )
    .filter((r) => r.length);
}
export default {
  template: `<div class="d-mimic" style="height:100%"></div>`,
  props: { text: String, spacecraft: String },
  mounted() {
    this.build();
  },
  unmounted() {
    this.off?.();
  },
  watch: {
    text() {
      this.off?.();
      this.build();
    },
  },
  methods: {
    build() {
      const rows = rowsOf(this.text ?? ""),
        W = Math.max(1, ...rows.map((r) => r.length)) * (BOX + GAP) - GAP + 20,
        H = rows.length * ROW;
      const root = svg("svg", {
        viewBox: `0 0 ${W} ${Math.max(H, 60)}`,
        role: "img",
        "aria-label": rows
          .flat()
          .map((b) => b.title)
          .join(", "),
      });
      this.boxes = new Map();
      rows.forEach((row, j) =>
        row.forEach((b, i) => {
          const x = 10 + i * (BOX + GAP),
            y = 14 + j * ROW;
          if (i)
            root.append(
              svg("path", {
                d: `M${x - GAP} ${y + HIGH / 2}h${GAP - 6}m-5 -4l5 4l-5 4`,
                fill: "none",
                stroke: "var(--fg2)",
                "stroke-width": 1.4,
              }),
            );
          const rect = svg("rect", {
              x,
              y,
              width: BOX,
              height: HIGH,
              rx: 5,
              fill: "var(--bg2)",
              stroke: "var(--line2)",
              "stroke-width": 1.4,
            }),
            value = svg(
              "text",
              {
                x: x + BOX / 2,
                y: y + 42,
                "text-anchor": "middle",
                "font-size": 17,
                fill: "var(--fg0)",
                "font-family": "var(--mono)",
              },
              "–",
            );
          root.append(
            rect,
            svg("text", { x: x + BOX / 2, y: y + 18, "text-anchor": "middle", "font-size": 11, fill: "var(--fg1)" }, b.title),
            value,
          );
          const title = svg("title", {}, b.name);
          rect.append(title);
          this.boxes.set(b.name, [...(this.boxes.get(b.name) ?? []), { rect, value, title }]);
        }),
      );
      this.$el.replaceChildren(root);
      this.units = new Map();
      this.last = new Map();
      this.state = "connecting";
      if (this.boxes.size)
        this.off = subscribe(
          {
            topic: "parameters",
            names: [...this.boxes.keys()],
            ...(this.spacecraft ? { spacecraft: this.spacecraft } : {}),
            rate_hz: 2,
          },
          {
            snapshot: (a) => this.take(a),
            updates: (a) => this.take(a),
            state: (s) => {
              this.state = s;
              for (const n of this.boxes.keys()) this.paint(n);
            },
          },
        );
    },
    take(all) {
      for (const u of all) {
        if (u.u != null) this.units.set(u.n, u.u);
        this.last.set(u.n, u);
        this.paint(u.n);
      }
    },
    paint(name) {
      const u = this.last.get(name),
        stale = this.state !== "live",
        inks = ["var(--line2)", "var(--watch)", "var(--warn)", "var(--distress)", "var(--crit)", "var(--severe)"];
      for (const b of this.boxes.get(name) ?? []) {
        b.value.textContent = u ? `${number(u.v)} ${this.units.get(name) ?? ""}` : "–";
        b.value.setAttribute("fill", stale ? "var(--stale)" : "var(--fg0)");
        b.value.setAttribute("font-style", stale ? "italic" : "normal");
        b.rect.setAttribute("stroke", stale || !u ? "var(--line2)" : inks[u.l ?? 0]);
        b.rect.setAttribute("stroke-dasharray", stale ? "4 4" : "none");
        b.title.textContent = `${name} – ${stale ? say("stale") : say("severity." + (u?.l ?? "none"))}`;
      }
    },
  },
};
