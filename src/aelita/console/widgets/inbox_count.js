// How many requests wait for who looks, beside the page of approvals in the navigation; a question mark when that is not known.
import { subscribe, watch } from "aelita-bus";
import { ask, say } from "aelita-face";
const SOON_MS = 300,
  LATER_MS = 30000;
export default {
  template: `<span v-if="told&&(!known||count)" class="a-count" :class="{unknown:!known}" data-inbox :title="known ? count+' '+word('commands.inbox.waiting') : word('commands.inbox.unknown')">{{known ? count : '?'}}</span>`,
  data: () => ({ count: 0, told: false, fresh: false, state: "connecting", line: "connecting" }),
  mounted() {
    const read = () => {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.read(), SOON_MS);
    };
    this.offs = [
      watch((l) => {
        if (l.state === "alive" && this.line !== "alive") read();
        this.line = l.state;
      }),
      subscribe({ topic: "commands", rate_hz: 1 }, { snapshot: read, updates: read, state: (s) => (this.state = s) }),
    ];
    this.timer = setInterval(read, LATER_MS); // what one may give changes with time too
  },
  unmounted() {
    for (const off of this.offs) off();
    clearTimeout(this.soon);
    clearInterval(this.timer);
  },
  computed: {
    known() {
      return this.fresh && this.line === "alive" && this.state !== "stale" && this.state !== "lost";
    },
  },
  methods: {
    word: say,
    async read() {
      try {
        this.count = (await (await ask("commands/inbox")).json()).items.length;
        this.told = this.fresh = true;
      } catch {
        this.fresh = false;
      }
    },
  },
};
