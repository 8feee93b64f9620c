// A space that is looked into: globes below, and over them curves, marks and names on a canvas. Turned by pointer and keys.
import { colour, say } from "aelita-face";
import { globesIn } from "aelita-globes";
import { Camera, dot, minus, size } from "aelita-sky";
export class Space {
  // `view` is { globes (of `radius`, or of always `px` pixels), light, curves: [{ points, ink, width, dash, fade, name, surface }], marks: [{ at, name, ink, shape, surface }],
  // solid: radius of the opaque globe at the middle or 0, least, most: distances of the eye }
  constructor(box, label) {
    this.box = box;
    this.camera = new Camera();
    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `${label}. ${say("nav.space.keys")}`);
    this.over = document.createElement("canvas");
    this.over.className = "nv-canvas";
    this.over.setAttribute("role", "img");
    this.over.setAttribute("aria-label", label);
    box.append(this.over);
    this.due = 0;
    this.sizes = new ResizeObserver(() => this.again());
    this.sizes.observe(box);
    this.faces = new MutationObserver(() => this.again());
    this.faces.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.ready = globesIn(box).then((made) => {
      if (this.ended) return made.end();
      this.globes = made;
      box.dataset.drawn = made.kind;
      this.again();
    });
    this.listen();
  }
  end() {
    this.ended = true;
    this.sizes.disconnect();
    this.faces.disconnect();
    cancelAnimationFrame(this.due);
    this.globes?.end();
  }
  set(view) {
    this.view = view;
    this.again();
  }
  look(yaw, pitch, away) {
    Object.assign(this.camera, { yaw, pitch, away });
    this.again();
  }
  again() {
    if (!this.due && !this.ended)
      this.due = requestAnimationFrame(() => {
        this.due = 0;
        if (this.view) this.draw();
      });
  }
  fit() {
    // as far away as all is seen, from this side, that the view would have seen whole; the globe too
    const cam = this.camera,
      { curves = [], room = 1, most = 1e5 } = this.view ?? {},
      w = this.box.clientWidth || 1,
      h = this.box.clientHeight || 1;
    cam.width = w;
    cam.height = h;
    cam.aim();
    let away = (1.12 * room) / Math.sin(Math.atan((0.5 * Math.min(w, h)) / cam.focal));
    for (const one of curves)
      if (one.fit)
        for (const p of one.points) {
          if (p?.[0] == null) continue;
          const v = minus(p, cam.target),
            wide = Math.max(Math.abs(dot(v, cam.right)) / w, Math.abs(dot(v, cam.up)) / h);
          away = Math.max(away, dot(v, cam.back) + (cam.focal * wide) / 0.44);
        }
    cam.away = Math.min(away, most);
    this.again();
  }
  nearer(factor) {
    const { least = 0.01, most = 1e5 } = this.view ?? {};
    this.camera.away = Math.min(Math.max(this.camera.away * factor, least), most);
    this.again();
  }
  turn(yaw, pitch) {
    this.camera.yaw += yaw;
    this.camera.pitch = Math.min(1.55, Math.max(-1.55, this.camera.pitch + pitch));
    this.again();
  }
  listen() {
    const b = this.box;
    b.addEventListener(
      "wheel",
      (e) => {
        e.preventDefault();
        this.nearer(Math.exp(Math.sign(e.deltaY) * 0.14));
      },
      { passive: false },
    );
    const held = new Map(), // by one pointer it is turned, by two it comes nearer
      apart = () => (([[a, c], [d, f]]) => Math.hypot(a - d, c - f))([...held.values()]);
    b.addEventListener("pointerdown", (e) => {
      held.set(e.pointerId, [e.clientX, e.clientY]);
      b.setPointerCapture?.(e.pointerId);
    });
    b.addEventListener("pointermove", (e) => {
      const from = held.get(e.pointerId);
      if (!from) return;
      const wide = held.size === 2 ? apart() : 0;
      held.set(e.pointerId, [e.clientX, e.clientY]);
      if (wide && apart()) this.nearer(wide / apart());
      else if (held.size === 1) this.turn(-(e.clientX - from[0]) * 0.006, (e.clientY - from[1]) * 0.006);
    });
    for (const name of ["pointerup", "pointercancel"]) b.addEventListener(name, (e) => held.delete(e.pointerId));
    b.addEventListener("dblclick", () => this.fit());
    b.addEventListener("keydown", (e) => {
      const act = {
        ArrowLeft: () => this.turn(-0.12, 0),
        ArrowRight: () => this.turn(0.12, 0),
        ArrowUp: () => this.turn(0, 0.1),
        ArrowDown: () => this.turn(0, -0.1),
        "+": () => this.nearer(0.8),
        "=": () => this.nearer(0.8),
        "-": () => this.nearer(1.25),
        Home: () => this.fit(),
      }[e.key];
      if (!act || e.ctrlKey || e.altKey) return;
      e.preventDefault();
      act();
    });
  }
  draw() {
    const w = this.box.clientWidth,
      h = this.box.clientHeight,
      r = devicePixelRatio || 1;
    if (!w || !h) return;
    if (this.over.width !== Math.round(w * r) || this.over.height !== Math.round(h * r)) {
      this.over.width = Math.round(w * r);
      this.over.height = Math.round(h * r);
    }
    const cam = this.camera;
    cam.width = w;
    cam.height = h;
    cam.aim();
    const globes = this.view.globes.map((one) => (one.px ? { ...one, radius: one.px / (this.pixels(one.at, 1) || 1) } : one));
    this.globes?.draw(cam, globes, this.view.light);
    const c = this.over.getContext("2d");
    c.setTransform(r, 0, 0, r, 0, 0);
    c.clearRect(0, 0, w, h);
    c.font = "11.5px " + getComputedStyle(document.body).fontFamily;
    for (const one of this.view.curves) this.curve(c, one);
    this.taken = [];
    for (const one of this.view.marks) this.mark(c, one, w, h);
    this.scale(c, w, h);
  }
  hides(p) {
    return this.view.solid > 0 && this.camera.hidden(p, this.view.solid);
  }
  curve(c, one) {
    // pieces in front of the globe are drawn fully, those behind it faintly; curves on its surface only in front
    c.strokeStyle = colour(one.ink);
    c.lineWidth = one.width ?? 1.2;
    c.setLineDash(one.dash ?? []);
    const n = one.points.length,
      drawn = (behind) => {
        c.beginPath();
        let before = null;
        for (let k = 0; k < n; k++) {
          const p = one.points[k];
          if (p?.[0] == null || this.hides(p) !== behind) {
            before = null;
            continue;
          }
          const s = this.camera.see(p);
          if (!s) {
            before = null;
            continue;
          }
          if (before) c.lineTo(s[0], s[1]);
          else c.moveTo(s[0], s[1]);
          before = s;
        }
        c.stroke();
      };
    c.globalAlpha = one.alpha ?? 1;
    drawn(false);
    if (!one.surface) {
      c.globalAlpha = 0.22 * (one.alpha ?? 1);
      drawn(true);
    }
    c.globalAlpha = 1;
    c.setLineDash([]);
  }
  mark(c, one, w, h) {
    if (one.at?.[0] == null) return;
    const s = this.camera.see(one.at),
      behind = this.hides(one.at);
    if (!s || (behind && one.surface) || s[0] < -50 || s[1] < -50 || s[0] > w + 50 || s[1] > h + 50) return;
    const [x, y] = s,
      k = one.size ?? 4;
    c.globalAlpha = behind ? 0.4 : 1;
    c.strokeStyle = c.fillStyle = colour(one.ink);
    c.lineWidth = 2;
    c.beginPath();
    if (one.shape === "diamond") {
      c.moveTo(x, y - k);
      c.lineTo(x + k, y);
      c.lineTo(x, y + k);
      c.lineTo(x - k, y);
      c.closePath();
      c.fill();
    } else if (one.shape === "ring") {
      c.arc(x, y, k, 0, 7);
      c.stroke();
    } else if (one.shape === "cross") {
      c.moveTo(x - k, y);
      c.lineTo(x + k, y);
      c.moveTo(x, y - k);
      c.lineTo(x, y + k);
      c.stroke();
    } else if (one.shape !== "none") {
      c.arc(x, y, k, 0, 7);
      c.fill();
    }
    if (one.name) this.name(c, one, x, y, k);
    c.globalAlpha = 1;
  }
  name(c, one, x, y, k) {
    // names do not lie over one another: the next place is tried, at last none
    const wide = c.measureText(one.name).width,
      free = ([a, b]) => a > 2 && a + wide < this.camera.width - 2 && !this.taken.some(([p, q, z]) => a < p + z + 3 && a + wide + 3 > p && Math.abs(b - q) < 14);
    const found = [
      [x + k + 5, y],
      [x - k - 5 - wide, y],
      [x - wide / 2, y - k - 11],
      [x - wide / 2, y + k + 11],
    ].find(free);
    if (!found) return;
    this.taken.push([...found, wide]);
    c.textAlign = "left";
    c.textBaseline = "middle";
    c.lineWidth = 3.5;
    c.lineJoin = "round";
    c.strokeStyle = colour("bg1");
    c.strokeText(one.name, ...found);
    c.fillStyle = colour(one.said ?? "fg0");
    c.fillText(one.name, ...found);
  }
  scale(c, w, h) {
    // a length at the distance of what is looked at
    const px = this.camera.focal / this.camera.away / this.view.unit_km,
      raw = 110 / px,
      power = 10 ** Math.floor(Math.log10(raw)),
      km = [5, 2, 1].map((k) => k * power).find((v) => v <= raw) ?? power,
      wide = km * px,
      x = w - 18 - wide,
      y = h - 16,
      text = km >= 1e7 ? `${(km / 1e6).toLocaleString("fr")} ${say("nav.mkm")}` : `${km.toLocaleString("fr").replaceAll(/\s/g, " ")} ${say("nav.km")}`;
    c.strokeStyle = c.fillStyle = colour("fg1");
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(x, y - 5);
    c.lineTo(x, y);
    c.lineTo(x + wide, y);
    c.lineTo(x + wide, y - 5);
    c.stroke();
    c.textAlign = "center";
    c.textBaseline = "bottom";
    c.fillText(text, x + wide / 2, y - 4);
    this.box.dataset.scale = text;
  }
  pixels(p, radius) {
    // how many pixels a radius takes at a place
    return (radius * this.camera.focal) / (size(minus(p, this.camera.eye)) || 1);
  }
}
