// A request as it stands: its stages with a countdown, whom it waits for, what people signed, and everything its journals say of it.
import { Steps, clock } from "aelita-stages";
import { rereading } from "aelita-bus";
import { ask, instant, make, say, unread, waiting } from "aelita-face";
const SOON_MS = 150;
const LEVEL = { failed: 4, refused: 4, unknown: 3, rejected: 3, expired: 2, withdrawn: "-none", completed: 0, waiting: 1 };
const SAID = { checked: "check", approved: "approve", released: "release", rejected: "reject" };
const ENDS = ["failed", "refused", "rejected", "withdrawn", "expired", "lost", "unknown"];
const cell = (text, cls = "", tag = "td") => make(tag, cls, text);
const because = (text) => window.aelitaReason?.(text) ?? text; // reasons come in English
const who = (s) => `${s.person} · ${s.role}@${s.centre}`;

export default {
  template: `<div class="m-request"><div class="m-top"></div><div class="m-steps-box"></div><div class="m-body"></div><div class="m-over"></div></div>`,
  props: { name: String, may: Array },
  mounted() {
    const at = (cls) => this.$el.querySelector(cls);
    Object.assign(this, { top: at(".m-top"), body: at(".m-body"), over: at(".m-over"), told: null, old: false });
    this.steps = new Steps(at(".m-steps-box"), say("commands.stages"));
    this.over.replaceChildren(waiting());
    const concerns = (all) => all.some((one) => one.id === this.name || one.kind !== "request");
    this.again = rereading({ topic: "commands", rate_hz: 4 }, SOON_MS, this, concerns);
    window.addEventListener("aelita:choice", (this.onChoice = () => this.told && this.draw()));
  },
  unmounted() {
    this.again.end();
    this.stop?.abort();
    this.steps.end();
    window.removeEventListener("aelita:choice", this.onChoice);
  },
  methods: {
    turn(old) {
      this.old = old;
      this.$el.classList.toggle("old", old);
      if (this.told) this.draw();
    },
    async read() {
      this.stop?.abort();
      const stop = (this.stop = new AbortController());
      try {
        const told = await (await ask("commands/requests/" + encodeURIComponent(this.name), {}, { signal: stop.signal })).json();
        this.told = told;
        this.over.replaceChildren();
        this.turn(this.again.isSilent());
      } catch (error) {
        unread(this, error, this.over);
      }
    },
    draw() {
      const t = this.told,
        state = make(
          "span",
          `st st${this.old ? "-stale" : (LEVEL[t.state] ?? 0)}`,
          say("commands.state." + t.state) + (this.old ? ` · ${say("stale")}` : ""),
        );
      state.dataset.state = t.state;
      const facts = make("span", "dim", `${t.spacecraft} · ${t.service} · VC ${t.virtual_channel} · ${t.octets} B`);
      const parts = [state, make("b", "mono m-id", t.id), facts];
      if (t.held_by.length) parts.push(make("span", "st st2", `${say("commands.held")} · ${t.held_by.join(", ")}`));
      const acts = make("span", "m-buttons");
      for (const [key, kind, fits, needed] of [
        ["withdraw", "danger", t.state === "waiting" || t.state === "released", "command.request"],
        ["hold", "", !t.held && (t.state === "released" || t.state === "waiting"), "command.release"],
        ["go", "", t.held && !t.ended, "command.release"],
        ["again", "", true, "command.request"],
      ]) {
        if (!fits) continue;
        const allowed = !this.may || this.may.includes(needed) || (key === "withdraw" && this.may.includes("command.release"));
        const b = make("button", `a-btn small ${kind}`, say("commands.act." + key));
        b.type = "button";
        b.dataset.act = key;
        b.setAttribute("aria-disabled", String(!allowed || this.old));
        b.title = allowed ? say(`commands.act.${key}.hint`) : `${say("act.forbidden")}: ${needed}`;
        b.onclick = () =>
          allowed && !this.old && this.$emit("act", { act: key, id: t.id, calls: t.calls, spacecraft: t.spacecraft });
        acts.append(b);
      }
      this.top.replaceChildren(...parts, make("span", "grow"), acts);
      this.steps.set(this.stages(t), this.old);
      this.body.replaceChildren(...this.waits(t), ...this.people(t), ...this.journal(t));
    },
    stages(t) {
      const s = t.stages,
        sure = t.times && t.state !== "waiting" ? t.times : null;
      const said = (act) =>
        t.statements
          .filter((one) => one.act === act && (one.counts || !one.why))
          .map((one) => one.person)
          .join(", ");
      const station = [...new Set(t.timeline.map((one) => one.station).filter(Boolean))].join(", ");
      const wants = (act) => t.statements.some((one) => one.act === act) || t.wanted.some((one) => one.act === act);
      const rows = [["requested", s.requested, `${t.person} · ${t.agency}`, null]];
      if (wants("check")) rows.push(["checked", t.wanted.some((w) => w.act === "check") ? null : s.check, said("check"), null]);
      if (wants("approve"))
        rows.push(["approved", t.wanted.some((w) => w.act === "approve") ? null : s.approve, said("approve"), null]);
      rows.push(
        ["released", s.released, said("release"), null],
        ["radiated", s.radiated, station, sure?.radiation_start],
        ["received", s.acknowledged, "", sure?.arrival],
        ["accepted", s.accepted, t.spacecraft, sure?.acceptance],
        ["started", s.started, "", sure?.evidence],
        ["completed", s.completed, "", sure?.evidence],
      );
      const last = rows.findLastIndex((r) => r[1]),
        ended = ENDS.find((one) => t.state === one || (t.state === "failed" && s[one]));
      const steps = rows.map(([key, at, note, expected], i) => {
        const kind = at ? "done" : i < last ? "none" : ended ? "none" : "ahead";
        const arrival = key === "received" && !at && expected;
        return {
          key: arrival ? "arrival" : key,
          title: say("commands.stage." + (arrival ? "arrival" : key)),
          at: at ?? (kind === "ahead" || arrival ? (expected ?? null) : null),
          kind: !arrival || kind !== "none" ? kind : i < last ? "done" : "ahead", // a later report proves the arrival that was computed
          note: at ? note : "",
          counts: ["radiated", "received", "accepted", "completed"].includes(key) && !!expected && !at && !ended,
          awaited: ["accepted", "completed"].includes(key),
        };
      });
      if (!ended) return steps;
      const after = steps.slice(0, last + 1);
      return [
        ...after,
        {
          key: ended,
          title: say("commands.state." + ended),
          at: s[ended] ?? s.reject ?? t.changed,
          kind: "bad",
          note: this.reason(t),
        },
      ];
    },
    reason(t) {
      const one = t.timeline.findLast((l) => /refused|failed|rejected|withdrawn|lost|unknown|overdue/.test(l.kind + l.text));
      if (!one) return "";
      const [what, ...why] = one.text.split(": ");
      return why.length ? because(why.join(": ")) : because(what);
    },
    waits(t) {
      if (!t.wanted.length && !t.blocked.length) return [];
      const box = make("ul", "m-waits");
      for (const w of t.wanted) {
        const item = make("li"),
          of = w.agency ? ` (${w.agency})` : "";
        item.append(
          make("b", "", `${say("commands.act." + w.act)} × ${w.count}${of}`),
          make("span", "dim", " " + w.who.join(", ")),
        );
        box.append(item);
      }
      for (const why of t.blocked) box.append(make("li", "st st4", because(why)));
      return [make("h3", "a-part", say("commands.waits")), box];
    },
    people(t) {
      if (!t.statements.length) return [];
      const table = make("table", "x-table"),
        body = make("tbody");
      for (const s of t.statements) {
        const row = make("tr", s.counts ? "" : "dim");
        const act = cell("", "n");
        act.append(make("span", `st st${s.act === "reject" ? 3 : s.counts ? 0 : "-none"}`, say("commands.act." + s.act)));
        const what = [s.counts || !s.why ? "" : because(s.why), s.comment].filter(Boolean).join(" · ");
        row.append(act, cell(who(s)), cell(s.agency, "n"), cell(instant(s.at, 0), "mono n"), cell(what));
        row.title = `${say("commands.key")} ${s.key} · ${say("commands.valid")} ${instant(s.not_before, 0)} – ${instant(s.not_after, 0)}`;
        body.append(row);
      }
      table.append(body);
      table.setAttribute("aria-label", say("commands.signed"));
      return [make("h3", "a-part", say("commands.signed")), table];
    },
    journal(t) {
      const list = make("ol", "m-journal");
      list.setAttribute("aria-label", say("commands.journal"));
      let day = "";
      for (const one of t.timeline) {
        const item = make("li"),
          act = SAID[one.text.split(" ")[0]],
          word = one.kind === "statement" && act ? say("commands.act." + act) : say("commands.kind." + one.kind);
        const known = word.startsWith("commands.kind.") ? one.kind : word,
          more = one.kind === "verified" || one.kind === "overdue" ? one.text : because(one.text.split(": ").slice(1).join(": "));
        const [date, time] = instant(one.at).split(" "),
          at = make("span", "mono dim", date === day ? time : `${date} ${time}`);
        at.title = instant(one.at);
        day = date;
        item.append(at, make("b", one.succeeded === false ? "m-bad" : "", known), make("span", "dim", one.agency));
        const details = [
          one.who,
          one.station && `${say("column.station")} ${one.station}`,
          one.cltu != null && `CLTU ${one.cltu}`,
          one.packet != null && t.packets.length > 1 && `${say("commands.packet")} ${one.packet + 1}`,
          more,
          one.generated && `${say("commands.generated")} ${instant(one.generated)}`,
        ].filter(Boolean);
        item.append(make("span", "", details.join(" · ")));
        list.append(item);
      }
      return [make("h3", "a-part", say("commands.journal")), list];
    },
  },
};
