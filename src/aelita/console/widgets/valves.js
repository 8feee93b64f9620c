// Queues of spacecraft at our gate and at those of other agencies: open, held or blocked, how many requests wait, who has what.
import { rereading } from "aelita-bus";
import { ask, make, say } from "aelita-face";
const SOON_MS = 200,
  LEVEL = { open: "0", held: "2", blocked: "4" };
export default {
  template: `<div class="m-valves" role="group" :aria-label="word('commands.queues')"></div>`,
  props: { only: String, may: Boolean },
  mounted() {
    this.items = [];
    this.old = false;
    this.again = rereading({ topic: "commands", rate_hz: 2 }, SOON_MS, this);
  },
  unmounted() {
    this.again.end();
  },
  methods: {
    word: say,
    show(only) {
      this.which = only;
      this.draw();
    },
    turn(old) {
      this.old = old;
      this.draw();
    },
    async read() {
      try {
        this.items = (await (await ask("commands/queues")).json()).items;
        this.turn(this.again.isSilent());
      } catch (error) {
        if (this.items.length) this.turn(true);
        else this.$el.replaceChildren(make("span", "st st-stale", error.status ? error.message : say("centre.lost")));
      }
    },
    draw() {
      const which = this.which ?? this.only;
      this.$el.replaceChildren(...this.items.filter((one) => !which || one.spacecraft === which).map((one) => this.valve(one)));
    },
    state(one) {
      const word = say("commands.valve." + one.valve) + (this.old ? ` · ${say("stale")}` : "");
      return make("span", `st st${this.old ? "-stale" : LEVEL[one.valve]}`, word);
    },
    valve(one) {
      const box = make("div", "m-valve" + (this.old ? " old" : ""));
      box.dataset.queue = one.spacecraft;
      box.append(make("b", "", one.spacecraft), this.state(one));
      const told = [
        `${say("commands.queue.waiting")} ${one.waiting.length}`,
        one.held.length && `${say("commands.held")} ${one.held.length}`,
        `${say("commands.holder")} ${one.holder || "–"}`,
      ];
      box.append(make("span", "dim", told.filter(Boolean).join(" · ")));
      for (const other of one.others) {
        const more = other.held.length ? ` · ${say("commands.held")} ${other.held.length}` : "",
          said = make("span", "m-valve-other", `${other.agency} `);
        said.dataset.gate = other.agency;
        said.append(this.state(other), make("span", "dim", more));
        box.append(said);
      }
      for (const act of one.actions) {
        const b = make("button", "a-btn small", say("commands.valve.act." + act));
        b.type = "button";
        b.dataset.act = act;
        b.setAttribute("aria-disabled", String(!this.may || this.old));
        b.title = this.may ? say("commands.valve.act." + act + ".hint") : `${say("act.forbidden")}: command.release`;
        b.onclick = () => this.may && !this.old && this.$emit("act", { act, spacecraft: one.spacecraft });
        box.append(b);
      }
      return box;
    },
  },
};
