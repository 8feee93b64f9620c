// The complex in six numbers and how they went in the last minutes; without a living line they say unknown.
import { subscribe, watch } from "aelita-bus";
import { say, scaled, span } from "aelita-face";
const KEPT_S = 240,
  GAP_S = 4,
  W = 120,
  H = 26;
const sum = (list, key) => {
  const known = list.map((o) => o[key]).filter((v) => v != null);
  return known.length ? known.reduce((a, b) => a + b, 0) : null;
};
const grouped = (n) => Math.round(n).toLocaleString("fr").replaceAll(/\s/g, " ");
const past = { rate: [], frames: [], packets: [], values: [] }; // kept while the tab lives, whichever page is looked at
export default {
  template: `<div class="a-tiles"><div v-for="t in tiles" :key="t.key" class="a-tile" :data-tile="t.key"><i>{{t.title}}</i><b class="live-value" :style="{color:known?'':'var(--stale)'}">{{known?t.value:word('unknown')}}<small v-if="known">{{t.unit}}</small></b><span :style="{color:known&&t.bad?'var(--warn)':''}">{{known?t.more:''}}&nbsp;</span><svg v-if="known&&t.line" class="a-spark" viewBox="0 0 ${W} ${H}" preserveAspectRatio="none" role="img" :aria-label="word('overview.minutes')"><title>{{word('overview.minutes')}}</title><path :d="t.line" vector-effect="non-scaling-stroke"/></svg></div></div>`,
  data: () => ({ told: null, line: "connecting", state: "connecting", turns: 0 }),
  mounted() {
    const take = (all) => {
      this.told = { ...this.told, ...(Array.isArray(all) ? Object.assign({}, ...all) : all) };
      const counts = this.told.counts ?? [],
        now = {
          rate: sum(
            (this.told.links ?? []).filter((o) => o.alive),
            "bit_rate",
          ),
          frames: sum(counts, "merged_per_s"),
          packets: sum(counts, "packets_per_s"),
          values: sum(counts, "samples_per_s"),
        };
      for (const [k, v] of Object.entries(now))
        if (v != null) {
          past[k].push([performance.now() / 1000, v]);
          while (past[k][0][0] < performance.now() / 1000 - KEPT_S) past[k].shift();
        }
    };
    this.offs = [
      watch((l) => {
        this.line = l.state;
      }),
      subscribe(
        { topic: "status", rate_hz: 1 },
        {
          snapshot: take,
          updates: take,
          state: (s) => {
            this.state = s;
          },
        },
      ),
    ];
  },
  unmounted() {
    for (const off of this.offs) off();
  },
  methods: {
    word: say,
    spark(key) {
      const all = past[key];
      if (all.length < 3) return "";
      const high = Math.max(...all.map((p) => p[1])) || 1,
        now = all.at(-1)[0],
        wide = Math.max(30, now - all[0][0]);
      return all
        .map(
          ([t, y], i) =>
            `${i && t - all[i - 1][0] < GAP_S ? "L" : "M"}${(W * (1 - (now - t) / wide)).toFixed(1)} ${(H - 2 - ((H - 4) * y) / high).toFixed(1)}`,
        )
        .join("");
    },
  },
  computed: {
    known() {
      return this.line === "alive" && this.state === "live" && this.told != null;
    },
    tiles() {
      const t = this.told ?? {},
        links = (t.links ?? []).filter((o) => o.alive),
        counts = t.counts ?? [],
        services = t.services ?? [],
        ill = services.filter((o) => o.status !== "well");
      const rate = (v) => (v == null ? "–" : v >= 100 ? Math.round(v) : +v.toPrecision(3)),
        lag = Math.max(...counts.map((o) => o.archive_lag_s ?? -1)),
        last = Math.min(...(t.links ?? []).map((o) => o.last_frame_s ?? Infinity));
      const holes = sum(counts, "holes"),
        rates = links.filter((o) => o.bit_rate).length,
        merged = sum(counts, "merged"),
        kept = sum(counts, "archived");
      return [
        {
          key: "rate",
          title: say("overview.rate"),
          value: scaled(sum(links, "bit_rate"), "bit/s"),
          unit: "",
          more: `${say("overview.links")}: ${rates}`,
        },
        {
          key: "last",
          title: say("overview.last"),
          value: Number.isFinite(last) ? span(last) : say("never"),
          unit: "",
          more: Number.isFinite(last) ? say("ago") : "",
        },
        {
          key: "frames",
          title: say("overview.frames"),
          value: rate(sum(counts, "merged_per_s")),
          unit: "/s",
          more: holes
            ? `${say("overview.holes")}: ${holes}`
            : merged == null
              ? ""
              : `${grouped(merged)} ${say("overview.whole")}`,
          bad: holes > 0,
        },
        {
          key: "packets",
          title: say("overview.packets"),
          value: rate(sum(counts, "packets_per_s")),
          unit: "/s",
          more: kept == null ? "" : `${grouped(kept)} ${say("overview.kept")}`,
        },
        {
          key: "values",
          title: say("overview.values"),
          value: rate(sum(counts, "samples_per_s")),
          unit: "/s",
          more: lag >= 0 ? `${say("overview.archive")}: ${span(lag)}` : "",
        },
        {
          key: "services",
          title: say("overview.services"),
          value: services.length ? `${services.length - ill.length}/${services.length}` : "–",
          unit: "",
          more: ill.length
            ? ill
                .slice(0, 3)
                .map((o) => `${o.service}: ${o.status}`)
                .join(", ")
            : say("overview.all.well"),
          bad: ill.length > 0,
        },
      ].map((one) => ({ ...one, line: past[one.key] ? this.spark(one.key) : "" }));
    },
  },
};
