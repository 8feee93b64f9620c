// Who has what now: each asset with its owner, who may have it on loan, where a loan stands, and until when by the mission's clock.
import { line, rereading } from "aelita-bus";
import { clock, missionNow } from "aelita-stages";
import { ask, instant, make, say, unread, waiting } from "aelita-face";
const SOON_MS = 200,
  EACH_MS = 500;
export default {
  template: `<div class="m-assets"></div>`,
  mounted() {
    this.told = null;
    this.old = false;
    this.$el.replaceChildren(waiting());
    this.again = rereading({ topic: "commands", rate_hz: 2 }, SOON_MS, this);
    this.ticks = setInterval(() => this.tick(), EACH_MS);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.draw()));
  },
  unmounted() {
    this.again.end();
    clearInterval(this.ticks);
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    turn(old) {
      this.old = old;
      this.draw();
    },
    async read() {
      try {
        this.told = await (await ask("commands/authority")).json();
        this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.$el);
      }
    },
    draw() {
      if (!this.told) return;
      this.$el.replaceChildren(...this.told.assets.map((one) => this.asset(one)));
      this.tick();
    },
    asset(one) {
      const box = make("section", "a-card m-asset" + (this.old ? " old" : "")),
        head = make("header");
      box.dataset.asset = one.key;
      box.setAttribute("aria-label", one.key);
      head.append(make("h2", "", one.key), make("span", "dim", one.reach.spacecraft.join(", ")));
      const lane = make("div", "m-lane");
      for (const agency of [one.owner, ...one.borrowers]) {
        const has = agency === one.holder,
          place = make("div", "m-holder" + (has ? " has" : ""));
        place.append(
          make("b", "", agency),
          make("span", "dim", say(agency === one.owner ? "commands.owner" : "commands.borrower")),
        );
        if (has)
          place.append(
            make("span", `st st${this.old ? "-stale" : "0"}`, say("commands.has") + (this.old ? ` · ${say("stale")}` : "")),
          );
        lane.append(place);
      }
      if (!one.holder) lane.append(make("span", `st st${this.old ? "-stale" : "2"}`, say("commands.nobody.has")));
      const facts = make("dl", "a-pairs");
      const fact = (name, value) => value && facts.append(make("dt", "", name), make("dd", "", value));
      fact(say("commands.epoch"), one.epoch ? String(one.epoch) : say("commands.never.lent"));
      if (one.state) fact(say("commands.loan"), say("commands.loan." + one.state) + (one.borrower ? ` (${one.borrower})` : ""));
      fact(say("commands.hand.over"), one.hand_over.join(", "));
      if (one.borrowers.length)
        fact(say("commands.longest"), `${clock(one.longest_s)} · ${say("commands.guard")} ${one.guard_s} s`);
      if (one.until) {
        const left = make("dd", "mono m-left");
        left.dataset.until = one.until;
        facts.append(make("dt", "", say("commands.until")), left);
      }
      const acts = make("div", "a-head m-go");
      for (const act of one.actions) {
        const b = make(
          "button",
          `a-btn small ${["recall", "return"].includes(act) ? "danger" : "pri"}`,
          say("commands.lease." + act),
        );
        b.type = "button";
        b.dataset.act = act;
        b.setAttribute("aria-disabled", String(this.old));
        b.title = say(`commands.lease.${act}.hint`);
        b.onclick = () =>
          !this.old &&
          this.$emit("act", { act, asset: one.key, borrowers: one.borrowers, longest: one.longest_s, borrower: one.borrower });
        acts.append(b);
      }
      const body = make("div", "body");
      body.append(lane, facts, acts);
      box.append(head, body);
      return box;
    },
    tick() {
      const alive = line.state === "alive" && !this.old,
        now = missionNow();
      for (const e of this.$el.querySelectorAll("[data-until]")) {
        const left = (Date.parse(e.dataset.until) - now) / 1000;
        e.textContent = `${instant(e.dataset.until, 0)}${alive && Number.isFinite(left) ? " · " + (left > 0 ? clock(left) : say("commands.over")) : ""}`;
      }
    },
  },
};
