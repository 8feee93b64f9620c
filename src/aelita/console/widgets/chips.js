// Link and alarms in the bar. Without a living line, or when their stream stops, they say unknown: never what was.
import { watch, subscribe } from "aelita-bus";
import { say, scaled } from "aelita-face";
export default {
  template: `<div style="display:contents"><a class="a-chip" :class="link.cls" href="/stations" data-chip="link" :title="link.hint"><span :class="link.shape" aria-hidden="true"></span><span>{{link.text}}<span class="wide">{{link.more}}</span></span></a>
    <a class="a-chip" :class="alarm.cls" href="/alarms" data-chip="alarms" :title="alarm.hint"><span :class="alarm.shape" aria-hidden="true"></span><span>{{alarm.text}}<span class="more">{{alarm.more}}</span></span></a>
    <span v-if="speed" class="a-chip watch" data-chip="replay" :title="word('replay.hint')" :aria-label="speed"><span aria-hidden="true">↻</span><span class="more">{{speed}}</span></span></div>`,
  data: () => ({
    line: "connecting",
    links: new Map(),
    alarms: new Map(),
    states: { links: "connecting", alarms: "connecting" },
    speed: "",
  }),
  mounted() {
    this.offs = [
      watch((l) => {
        this.line = l.state;
        this.speed = l.tick?.replayed ? say("replay") + (l.tick.speed !== 1 ? ` ×${l.tick.speed}` : "") : "";
      }),
      this.follow("links", (o) => `${o.agency}/${o.spacecraft}/${o.station}`),
      this.follow("alarms", (o) => `${o.owner}/${o.alarm}`),
    ];
  },
  unmounted() {
    for (const off of this.offs) off();
  },
  computed: {
    link() {
      const unknown = {
        cls: "unknown",
        shape: "ring",
        text: say("link") + " " + say("unknown"),
        more: "",
        hint: say("link.unknown.hint"),
      };
      if (this.line !== "alive" || this.states.links !== "live") return unknown;
      const all = [...this.links.values()],
        locked = all.filter((o) => o.alive && o.lock === "locked"),
        alive = all.filter((o) => o.alive);
      if (locked.length)
        return {
          cls: "ok",
          shape: "dot",
          text: `${locked[0].station}${locked.length > 1 ? ` +${locked.length - 1}` : ""} ${say("locked")}`,
          more:
            " · " +
            scaled(
              locked.reduce((s, o) => s + (o.bit_rate ?? 0), 0),
              "bit/s",
            ),
          hint: locked.map((o) => `${o.spacecraft} – ${o.station}`).join("\n"),
        };
      if (alive.some((o) => o.lock !== "unknown"))
        return {
          cls: "warn",
          shape: "sq",
          text: `${say("link")} ${say("lock." + alive.find((o) => o.lock !== "unknown").lock)}`,
          more: "",
          hint: alive.map((o) => `${o.station}: ${o.state} ${o.why ?? ""}`).join("\n"),
        };
      return all.length ? unknown : { ...unknown, text: say("link.none") };
    },
    alarm() {
      if (this.line !== "alive" || this.states.alarms !== "live")
        return { cls: "unknown", shape: "ring", text: say("alarms") + " " + say("unknown"), hint: say("alarms.unknown.hint") };
      const calling = [...this.alarms.values()].filter((o) => o.calls),
        worst = Math.max(0, ...calling.map((o) => o.severity ?? 0));
      if (!calling.length) return { cls: "ok", shape: "dot", text: say("alarms.none"), hint: say("alarms.none.hint") };
      return {
        cls: worst >= 4 ? "crit" : worst >= 2 ? "warn" : "watch",
        shape: worst >= 4 ? "sq" : "tri",
        text: `${calling.length}`,
        more: " " + say("unacknowledged"),
        hint: calling
          .slice(0, 8)
          .map((o) => o.title || o.alarm)
          .join("\n"),
      };
    },
  },
  methods: {
    word: say,
    follow(topic, key) {
      const take = (all, whole) => {
        const map = whole ? new Map() : new Map(this[topic]);
        for (const o of all)
          if (o.gone || o.quiet) map.delete(key(o));
          else map.set(key(o), o);
        this[topic] = map;
      };
      return subscribe(
        { topic, rate_hz: 1 },
        {
          snapshot: (all) => take(all, true),
          updates: (all) => take(all, false),
          state: (s) => {
            this.states = { ...this.states, [topic]: s };
          },
        },
      );
    },
  },
};
