// Globes of views, lit from where the Sun is: by three.js as the package of NiceGUI carries it, else by hand on a plain canvas.
import { dot, minus, plus, size, times, unit } from "aelita-sky";
const LOOKS = { mars: ["#a9583a", "#8d4a33", "#d9a07c"], earth: ["#2f6fb0", "#2a5f99", "#8cc0f0"], sun: ["#ffd27a", "#ffd27a", "#ffd27a"] };
export async function globesIn(box) {
  // the drawer of globes in a box: `draw(camera, globes, light)`, where a globe is { name, at, radius, turn } and a light a point
  try {
    const probe = document.createElement("canvas").getContext("webgl2");
    if (!probe) throw new Error("no WebGL");
    probe.getExtension("WEBGL_lose_context")?.loseContext();
    const { THREE } = await import("nicegui-scene");
    return new Lit(THREE, box);
  } catch {
    return new Flat(box);
  }
}
function skin(name) {
  // a globe's face: its colour and the lines of latitude and longitude every 30 degrees
  const made = document.createElement("canvas"),
    [w, h] = [2048, 1024];
  made.width = w;
  made.height = h;
  const c = made.getContext("2d"),
    [base, dark, line] = LOOKS[name];
  c.fillStyle = base;
  c.fillRect(0, 0, w, h);
  if (name === "sun") return made;
  c.globalAlpha = 0.35;
  c.fillStyle = dark;
  for (let k = 0; k < 6; k += 2) c.fillRect(0, (k * h) / 6, w, h / 6);
  c.strokeStyle = line;
  for (let k = 0; k <= 12; k++) {
    c.globalAlpha = k === 6 ? 0.9 : 0.35;
    c.lineWidth = k === 6 ? 4 : 2;
    c.beginPath();
    c.moveTo((k * w) / 12, 0);
    c.lineTo((k * w) / 12, h);
    c.stroke();
  }
  for (let k = 1; k < 6; k++) {
    c.globalAlpha = k === 3 ? 0.9 : 0.35;
    c.lineWidth = k === 3 ? 4 : 2;
    c.beginPath();
    c.moveTo(0, (k * h) / 6);
    c.lineTo(w, (k * h) / 6);
    c.stroke();
  }
  return made;
}
class Lit {
  constructor(THREE, box) {
    this.three = THREE;
    this.kind = "webgl";
    this.box = box;
    this.renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.setPixelRatio(devicePixelRatio || 1);
    this.canvas = this.renderer.domElement;
    this.canvas.className = "nv-canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    box.prepend(this.canvas);
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera();
    this.camera.up.set(0, 0, 1);
    this.sun = new THREE.DirectionalLight(0xffffff, 3.8);
    this.lamp = new THREE.PointLight(0xffffff, 3.1, 0, 0);
    this.dusk = new THREE.AmbientLight(0x9db4d8, 0.55);
    this.scene.add(this.lamp, this.sun, this.sun.target, this.dusk);
    this.meshes = new Map();
  }
  mesh(name) {
    let made = this.meshes.get(name);
    if (!made) {
      const T = this.three,
        ball = new T.SphereGeometry(1, 96, 64).rotateX(Math.PI / 2), // poles along z, longitude 0 along x
        map = new T.CanvasTexture(skin(name));
      map.colorSpace = T.SRGBColorSpace;
      map.anisotropy = 8;
      made = new T.Mesh(ball, name === "sun" ? new T.MeshBasicMaterial({ map }) : new T.MeshLambertMaterial({ map }));
      this.meshes.set(name, made);
      this.scene.add(made);
    }
    return made;
  }
  draw(camera, globes, light) {
    const { width, height } = camera;
    if (this.wide !== width || this.high !== height) {
      this.wide = width;
      this.high = height;
      this.renderer.setSize(width, height, false);
    }
    const cam = this.camera;
    cam.fov = camera.fov;
    cam.aspect = width / height;
    cam.near = camera.away * 1e-3;
    cam.far = camera.away * 1e3;
    cam.position.set(...camera.eye);
    cam.lookAt(...camera.target);
    cam.updateProjectionMatrix();
    for (const mesh of this.meshes.values()) mesh.visible = false;
    for (const one of globes) {
      const mesh = this.mesh(one.name);
      mesh.visible = true;
      mesh.position.set(...one.at);
      mesh.scale.set(one.radius, one.radius, one.radius * (one.flat ?? 1));
      mesh.rotation.z = one.turn ?? 0;
    }
    this.lamp.visible = !size(light); // in the middle of what is seen, as the Sun is
    this.sun.visible = !this.lamp.visible;
    this.dusk.intensity = this.lamp.visible ? 1.8 : 0.55; // small globes are to be told apart on their night side too
    this.sun.position.set(...light);
    this.renderer.render(this.scene, cam);
  }
  end() {
    for (const mesh of this.meshes.values()) {
      mesh.geometry.dispose();
      mesh.material.map.dispose();
      mesh.material.dispose();
    }
    this.renderer.dispose();
    this.renderer.forceContextLoss(); // browsers hold few contexts at once
    this.canvas.remove();
  }
}
class Flat {
  constructor(box) {
    this.kind = "flat";
    this.box = box;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "nv-canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    box.prepend(this.canvas);
    this.disc = document.createElement("canvas");
  }
  draw(camera, globes, light) {
    const r = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(camera.width * r) || this.canvas.height !== Math.round(camera.height * r)) {
      this.canvas.width = Math.round(camera.width * r);
      this.canvas.height = Math.round(camera.height * r);
    }
    const c = this.canvas.getContext("2d");
    c.setTransform(r, 0, 0, r, 0, 0);
    c.clearRect(0, 0, camera.width, camera.height);
    const far = globes.map((one) => [size(minus(one.at, camera.eye)), one]).sort((a, b) => b[0] - a[0]);
    for (const [away, one] of far) {
      const seen = camera.see(one.at);
      if (!seen || away <= one.radius) continue;
      const px = (one.radius * camera.focal) / Math.sqrt(away * away - one.radius * one.radius);
      this.shade(c, camera, one, seen, px, light);
    }
  }
  shade(c, camera, one, [x, y], px, light) {
    // a disc whose points are lit as those of the sphere in front of them
    const n = Math.max(8, Math.min(220, Math.ceil(px * 2))),
      image = new ImageData(n, n),
      [base] = LOOKS[one.name],
      rgb = [1, 3, 5].map((k) => parseInt(base.slice(k, k + 2), 16)),
      s = unit(minus(light, one.at)),
      towards = unit(minus(camera.eye, one.at));
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++) {
        const u = (2 * (i + 0.5)) / n - 1,
          v = 1 - (2 * (j + 0.5)) / n,
          q = u * u + v * v;
        if (q > 1) continue;
        const normal = plus(plus(times(camera.right, u), camera.up, v), towards, Math.sqrt(1 - q)),
          lit = one.name === "sun" ? 1 : 0.1 + 0.9 * Math.max(0, dot(normal, s)),
          at = (j * n + i) * 4;
        for (let k = 0; k < 3; k++) image.data[at + k] = rgb[k] * lit;
        image.data[at + 3] = 255;
      }
    this.disc.width = this.disc.height = n;
    this.disc.getContext("2d").putImageData(image, 0, 0);
    c.imageSmoothingEnabled = true;
    c.drawImage(this.disc, x - px, y - px, 2 * px, 2 * px);
  }
  end() {
    this.canvas.remove();
  }
}
