// The complex in six numbers; without a living line they say unknown.
import { subscribe, watch } from "aelita-bus";
import { say, scaled, span } from "aelita-face";
const sum = (list, key) => { const known = list.map((o) => o[key]).filter((v) => v != null); return known.length ? known.reduce((a, b) => a + b, 0) : null; };
export default {
  template: `<div class="a-tiles"><div v-for="t in tiles" :key="t.key" class="a-tile" :data-tile="t.key"><i>{{t.title}}</i><b class="live-value" :style="{color:known?'':'var(--stale)'}">{{known?t.value:word('unknown')}}<small v-if="known">{{t.unit}}</small></b><span :style="{color:known&&t.bad?'var(--warn)':''}">{{known?t.more:''}}&nbsp;</span></div></div>`,
  data: () => ({ told: null, line: "connecting", state: "connecting" }),
  mounted() { const take = (all) => { this.told = { ...this.told, ...(Array.isArray(all) ? Object.assign({}, ...all) : all) }; }; this.offs = [watch((l) => { this.line = l.state; }), subscribe({ topic: "status", rate_hz: 1 }, { snapshot: take, updates: take, state: (s) => { this.state = s; } })]; },
  unmounted() { for (const off of this.offs) off(); },
  methods: { word: say },
  computed: {
    known() { return this.line === "alive" && this.state === "live" && this.told != null; },
    tiles() {
      const t = this.told ?? {}, links = (t.links ?? []).filter((o) => o.alive), counts = t.counts ?? [], services = t.services ?? [], ill = services.filter((o) => o.status !== "well");
      const rate = (v) => (v == null ? "–" : v >= 100 ? Math.round(v) : +v.toPrecision(3)), lag = Math.max(...counts.map((o) => o.archive_lag_s ?? -1)), last = Math.min(...(t.links ?? []).map((o) => o.last_frame_s ?? Infinity));
      const holes = sum(counts, "holes"), rates = links.filter((o) => o.bit_rate).length;
      return [
        { key: "rate", title: say("overview.rate"), value: scaled(sum(links, "bit_rate"), "bit/s"), unit: "", more: `${say("overview.links")}: ${rates}` },
        { key: "last", title: say("overview.last"), value: Number.isFinite(last) ? span(last) : say("never"), unit: "", more: Number.isFinite(last) ? say("ago") : "" },
        { key: "frames", title: say("overview.frames"), value: rate(sum(counts, "merged_per_s")), unit: "/s", more: holes ? `${say("overview.holes")}: ${holes}` : `${(sum(counts, "merged") ?? 0).toLocaleString("fr")}`, bad: holes > 0 },
        { key: "packets", title: say("overview.packets"), value: rate(sum(counts, "packets_per_s")), unit: "/s", more: "" },
        { key: "values", title: say("overview.values"), value: rate(sum(counts, "samples_per_s")), unit: "/s", more: lag >= 0 ? `${say("overview.archive")}: ${span(lag)}` : "" },
        { key: "services", title: say("overview.services"), value: services.length ? `${services.length - ill.length}/${services.length}` : "–", unit: "", more: ill.length ? ill.slice(0, 3).map((o) => `${o.service}: ${o.status}`).join(", ") : say("overview.all.well"), bad: ill.length > 0 },
      ];
    },
  },
};
