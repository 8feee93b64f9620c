// Journals of agencies: how far each goes, who countersigned it, and what the last verification found or how far it is.
import { rereading } from "aelita-bus";
import { ask, instant, make, say, unread, waiting } from "aelita-face";
const SOON_MS = 300,
  EACH_MS = 1000;
const cells = (row, ...all) => row.append(...all.map(([text, cls]) => make("td", cls ?? "", text)));
export default {
  template: `<div class="m-audit"></div>`,
  props: { may: Boolean },
  mounted() {
    this.told = null;
    this.old = false;
    this.$el.replaceChildren(waiting());
    this.again = rereading({ topic: "commands", rate_hz: 1 }, SOON_MS, this);
    this.ticks = setInterval(() => this.told?.verification?.state === "running" && this.read(), EACH_MS);
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
        this.told = await (await ask("commands/audit")).json();
        this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.$el);
      }
    },
    draw() {
      if (!this.told) return;
      this.$el.classList.toggle("old", this.old);
      this.$el.replaceChildren(...this.heads(), ...this.trouble(), ...this.verification());
    },
    heads() {
      const table = make("table", "x-table"),
        body = make("tbody"),
        head = make("tr");
      for (const key of [
        "column.agency",
        "column.state",
        "commands.audit.entries",
        "commands.audit.hash",
        "column.time",
        "commands.audit.signed",
      ])
        head.append(make("th", "", say(key)));
      for (const one of this.told.heads) {
        const row = make("tr");
        row.dataset.journal = one.agency;
        cells(row, [`${one.agency} · ${say(one.own ? "commands.audit.own" : "commands.audit.copy")}`, "n"]);
        const state = make("td");
        state.append(
          make(
            "span",
            `st st${this.old ? "-stale" : one.fault ? 4 : 0}`,
            this.old ? say("stale") : one.fault || say("commands.audit.chained"),
          ),
        );
        const by = this.told.countersigned
          .filter((s) => s.of === one.agency)
          .map(
            (s) =>
              `${s.agency} ${s.n}${s.n < one.n ? ` (${one.n - s.n} ${say("commands.audit.behind")})` : ` (${say("commands.audit.whole")})`}`,
          );
        const hash = make("td", "mono", one.hash.slice(0, 16) + "…");
        hash.title = one.hash;
        row.append(state);
        cells(row, [String(one.n), "mono n"]);
        row.append(hash);
        cells(row, [instant(one.at, 0), "mono n"], [by.join(", ") || say("commands.audit.none.signed")]);
        body.append(row);
      }
      const heads = make("thead");
      heads.append(head);
      table.append(heads, body);
      table.setAttribute("aria-label", say("commands.audit.heads"));
      return [table];
    },
    trouble() {
      const parts = [];
      for (const [agency, why] of Object.entries(this.told.faults)) parts.push(make("p", "st st4", `${agency}: ${why}`));
      if (this.told.forks.length)
        parts.push(make("p", "st st5", `${say("commands.audit.forks")}: ${this.told.forks.join(", ")}`));
      if (this.told.odd.length) {
        const list = make("details", "m-odd");
        list.append(
          make("summary", "st st2", `${say("commands.audit.odd")}: ${this.told.odd.length}`),
          ...this.told.odd.map((one) => make("div", "dim", one)),
        );
        parts.push(list);
      }
      return parts;
    },
    verification() {
      const v = this.told.verification,
        top = make("div", "a-head m-go"),
        parts = [make("h3", "a-part", say("commands.audit.verification")), top];
      const running = v?.state === "running",
        level = !v ? "-none" : running ? 1 : v.state === "done" ? (v.clean ? 0 : 4) : 3;
      const word = !v ? "never" : running ? "running" : v.state === "done" ? (v.clean ? "clean" : "faulty") : v.state;
      const said = make(
        "span",
        `st st${this.old ? "-stale" : level}`,
        say("commands.audit." + word) + (this.old ? ` · ${say("stale")}` : ""),
      );
      said.dataset.verdict = word;
      const b = make("button", "a-btn small" + (running ? "" : " pri"), say(running ? "cancel" : "commands.audit.verify"));
      b.type = "button";
      b.dataset.act = running ? "cancel" : "verify";
      b.setAttribute("aria-disabled", String(!this.may || this.old));
      b.title = this.may ? say("commands.audit.verify.hint") : `${say("act.forbidden")}: audit`;
      b.onclick = () => this.may && !this.old && this.$emit("act", { act: b.dataset.act });
      top.append(said);
      if (v)
        top.append(
          make("span", "dim", `${instant(v.begun, 0)}${v.ended ? " – " + instant(v.ended, 0).slice(-8) : ""} UTC ${v.why}`),
        );
      top.append(make("span", "grow"), b);
      if (running) {
        const bar = make("div", "x-bar"),
          part = make("i");
        part.style.width = (v.all_octets ? (100 * v.octets) / v.all_octets : 0) + "%";
        bar.setAttribute("role", "progressbar");
        bar.setAttribute("aria-label", say("commands.audit.verification"));
        bar.setAttribute("aria-valuenow", String(Math.round(v.all_octets ? (100 * v.octets) / v.all_octets : 0)));
        bar.append(part);
        parts.push(bar);
      }
      const reports = make("div", "m-reports");
      reports.append(...(v?.reports ?? []).map((one) => this.report(one)));
      return [...parts, reports];
    },
    report(one) {
      const box = make("section", "m-report"),
        facts = make("dl", "a-pairs");
      box.dataset.report = one.agency;
      const fact = (name, value) => value && facts.append(make("dt", "", name), make("dd", "", value));
      fact(say("commands.audit.entries"), `${one.entries}, ${one.octets} B`);
      fact(say("commands.audit.signatures"), String(one.signatures));
      fact(say("commands.audit.releases"), String(one.releases));
      fact(
        say("commands.audit.proved"),
        Object.entries(one.countersigned)
          .map(([who, n]) => `${who} ${n}`)
          .join(", ") || say("commands.audit.none.signed"),
      );
      fact(say("commands.audit.unchecked"), one.unchecked.join("; "));
      box.append(
        make(
          "h4",
          `st st${one.clean ? 0 : 4}`,
          `${one.agency}: ${say(one.clean ? "commands.audit.clean" : "commands.audit.faulty")}`,
        ),
        facts,
      );
      for (const f of one.findings) {
        const row = make("p", "m-finding");
        row.append(
          make(
            "span",
            `st st${f.grade === "fault" ? 4 : 1}`,
            say(f.grade === "fault" ? "commands.audit.fault" : "commands.audit.note"),
          ),
          make("span", "mono dim", ` ${f.where} `),
          make("span", "", f.what),
        );
        box.append(row);
      }
      return box;
    },
  },
};
