// How far the backup is that is being made, with a button that cancels it. Nothing when none is being made.
import { watch } from "aelita-bus";
import { ask, say, scaled, span } from "aelita-face";
const EVERY_MS = 700,
  IDLE_MS = 4000;
export default {
  template: `<div v-if="one" class="x-going" :class="{old}" data-progress role="group" :aria-label="word('administration.backup')">
    <div class="x-going-words"><b class="mono">{{one.name}}</b><span class="st" :class="old ? 'st-stale' : 'st1'">{{word(old ? 'unknown' : 'administration.backup.' + one.state)}}</span><span class="grow"></span><b class="mono" data-part>{{known ? Math.floor(100 * part) + ' %' : '–'}}</b></div>
    <div class="x-bar" role="progressbar" :aria-label="one.name" aria-valuemin="0" aria-valuemax="100" :aria-valuenow="known ? Math.floor(100 * part) : null"><i :class="{unknown: !known}" :style="{width: known ? 100 * part + '%' : '100%'}"></i></div>
    <div class="x-going-words dim"><span>{{amount}}</span><span v-if="left">{{left}}</span><span class="grow"></span><button class="a-btn small danger" type="button" data-cancel-backup :aria-disabled="old || one.state === 'cancelling'" @click="cancel">{{word('administration.backup.cancel')}}</button></div></div>`,
  data: () => ({ one: null, old: false, began: null }),
  mounted() {
    this.off = watch((l) => {
      if (l.state === "dead" && this.one) this.old = true;
    });
    this.read();
  },
  unmounted() {
    this.off();
    clearTimeout(this.timer);
    this.over = true;
  },
  computed: {
    known() {
      return this.one.all_octets > 0;
    },
    part() {
      return this.known ? Math.min(1, this.one.octets / this.one.all_octets) : 0;
    },
    amount() {
      const { files, all_files: all, octets, all_octets: whole } = this.one;
      if (!this.known) return say("administration.backup.counting");
      return `${scaled(octets, "B", 1024)} / ${scaled(whole, "B", 1024)} · ${say("administration.files")}: ${files} / ${all}`;
    },
    left() {
      const gone = this.began ? (performance.now() - this.began.at) / 1000 : 0,
        done = this.began ? this.one.octets - this.began.octets : 0;
      if (this.old || this.one.state !== "running" || gone < 3 || done <= 0) return "";
      return `${say("administration.backup.left")}: ${span(((this.one.all_octets - this.one.octets) * gone) / done)}`;
    },
  },
  methods: {
    word: say,
    async read() {
      clearTimeout(this.timer);
      if (!document.hidden)
        try {
          const told = await (await ask("admin/backups")).json(),
            going = told.items.find((o) => o.state === "running" || o.state === "cancelling") ?? null;
          if (this.over) return;
          if (this.one && this.one.name !== going?.name)
            this.$emit("ended", told.items.find((o) => o.name === this.one.name) ?? {});
          if (this.one?.name !== going?.name) this.began = null;
          if (going?.all_octets && !this.began) this.began = { at: performance.now(), octets: going.octets };
          this.one = going;
          this.old = false;
        } catch {
          this.old = true;
        }
      if (!this.over) this.timer = setTimeout(() => this.read(), this.one ? EVERY_MS : IDLE_MS);
    },
    cancel() {
      if (!this.old && this.one.state === "running") this.$emit("cancel", { name: this.one.name });
    },
  },
};
