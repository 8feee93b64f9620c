// How many alarms wait, beside the page of alarms in the navigation; a question mark when that is not known.
import { subscribe, watch } from "aelita-bus";
import { say } from "aelita-face";
export default {
  template: `<span v-if="!known||count" class="a-count" :class="{unknown:!known,crit:known&&worst>=4}" data-waiting :title="known ? count+' '+word('unacknowledged') : word('alarms.unknown.hint')">{{known ? count : '?'}}</span>`,
  data: () => ({ alarms: new Map(), state: "connecting", line: "connecting" }),
  mounted() {
    const take = (all, whole) => {
      const map = whole ? new Map() : new Map(this.alarms);
      for (const o of all)
        if (o.gone || !o.calls) map.delete(`${o.owner}/${o.alarm}`);
        else map.set(`${o.owner}/${o.alarm}`, o);
      this.alarms = map;
    };
    this.offs = [
      watch((l) => {
        this.line = l.state;
      }),
      subscribe(
        { topic: "alarms", rate_hz: 1 },
        {
          snapshot: (all) => take(all, true),
          updates: (all) => take(all, false),
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
  computed: {
    known() {
      return this.line === "connecting" || (this.line === "alive" && this.state === "live");
    },
    count() {
      return this.alarms.size;
    },
    worst() {
      return Math.max(0, ...[...this.alarms.values()].map((o) => o.severity ?? 0));
    },
  },
  methods: { word: say },
};
