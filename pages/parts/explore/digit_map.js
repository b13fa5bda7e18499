// Points on a canvas: hover shows the digit, a click opens it, a line drawn around some selects them.
const SIDE = 28;
const maps = new WeakMap();

const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

class DigitMap {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector('.map > canvas');
    this.tip = root.querySelector('.tip');
    this.mode = 'move';
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(data) {
    this.data = data;
    const flat = new Float32Array(bytes(data.places).buffer);
    this.labels = bytes(data.labels);
    this.dims = data.dims;
    this.places = Array.from({ length: this.labels.length }, (_, i) => flat.subarray(i * this.dims, (i + 1) * this.dims));
    Object.assign(this, { zoom: 1, pan: [0, 0], turn: [0.5, -0.4], inside: null, at: -1, chosen: -1, lit: -1, sprite: null });
    this.fit();
    const picture = new Image();
    picture.onload = () => { this.sprite = picture; this.ink = this.inkOf(picture); this.draw(); };
    picture.src = `data:image/png;base64,${data.png}`;
    this.canvas.setAttribute('aria-label', `${data.alt}. Arrow keys move from point to point, Enter opens the digit.`);
    this.legend();
    this.draw();
  }

  // The sprite with paper made transparent and ink in the colour of its label.
  inkOf(picture) {
    const paper = new OffscreenCanvas(picture.width, picture.height), pen = paper.getContext('2d');
    pen.drawImage(picture, 0, 0);
    const pixels = pen.getImageData(0, 0, paper.width, paper.height), values = pixels.data;
    const colours = this.data.colours.map(c => [1, 3, 5].map(k => parseInt(c.slice(k, k + 2), 16)));
    for (let y = 0, p = 0; y < paper.height; y++) for (let x = 0; x < paper.width; x++, p += 4) {
      const i = Math.floor(y / SIDE) * this.data.across + Math.floor(x / SIDE);
      values[p + 3] = values[p];
      [values[p], values[p + 1], values[p + 2]] = colours[this.labels[i] ?? 0];
    }
    pen.putImageData(pixels, 0, 0);
    return paper;
  }

  fit() {
    const flat = this.places.map(p => this.turned(p));
    const span = k => flat.reduce(([a, b], p) => [Math.min(a, p[k]), Math.max(b, p[k])], [Infinity, -Infinity]);
    const [x, y] = [span(0), span(1)];
    this.middle = this.dims === 3 ? [0, 0] : [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
    this.extent = [x[1] - x[0] || 1, y[1] - y[0] || 1];
    if (this.dims === 3) this.extent = [2, 2].map(k => k * Math.max(...this.places.map(p => Math.hypot(...p))) * 0.85 || 1);
  }

  turned(p) {
    if (this.dims === 2) return p;
    const [a, b] = this.turn, c = Math.cos(a), s = Math.sin(a), x = c * p[0] + s * p[2], z = c * p[2] - s * p[0];
    return [x, Math.cos(b) * p[1] - Math.sin(b) * z];
  }

  onScreen() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const scale = this.zoom * Math.min((w - 40) / this.extent[0], (h - 40) / this.extent[1]);
    return this.places.map(p => {
      const [x, y] = this.turned(p);
      return [w / 2 + (x - this.middle[0]) * scale + this.pan[0], h / 2 - (y - this.middle[1]) * scale + this.pan[1]];
    });
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { canvas } = this, ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !this.places) return;
    if (canvas.width !== Math.round(w * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, w, h);
    const points = this.points = this.onScreen(), size = Math.min(14 + 3 * this.zoom, 44);
    points.forEach(([x, y], i) => {
      if (x < -30 || y < -30 || x > w + 30 || y > h + 30) return;
      const dim = (this.inside && !this.inside.has(i)) || (this.lit >= 0 && this.labels[i] !== this.lit);
      pen.globalAlpha = dim ? 0.1 : 0.85;
      if (this.pictures && this.ink) this.stamp(pen, this.ink, i, x - size / 2, y - size / 2, size);
      else { pen.fillStyle = this.data.colours[this.labels[i]]; pen.beginPath(); pen.arc(x, y, 3.2, 0, 7); pen.fill(); }
    });
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = getComputedStyle(canvas).getPropertyValue('--st-primary-color') || '#635bff';
    for (const i of [this.at, this.chosen]) if (points[i]) { pen.beginPath(); pen.arc(...points[i], this.pictures ? size / 2 + 3 : 7, 0, 7); pen.stroke(); }
    if (this.line) { pen.beginPath(); this.line.forEach(p => pen.lineTo(...p)); pen.closePath(); pen.stroke(); }
  }

  stamp(pen, source, i, x, y, size) {
    const { across } = this.data;
    pen.drawImage(source, (i % across) * SIDE, Math.floor(i / across) * SIDE, SIDE, SIDE, x, y, size, size);
  }

  nearest(x, y, reach = 14) {
    let best = -1, least = reach * reach;
    (this.points ?? []).forEach(([a, b], i) => { const d = (a - x) ** 2 + (b - y) ** 2; if (d < least) [best, least] = [i, d]; });
    return best;
  }

  point(i) {
    this.at = i;
    this.tip.hidden = i < 0;
    if (i >= 0) {
      const [x, y] = this.points[i], small = this.tip.querySelector('canvas'), pen = small.getContext('2d');
      small.width = small.height = SIDE;
      if (this.sprite) this.stamp(pen, this.sprite, i, 0, 0, SIDE);
      this.tip.querySelector('div').textContent = this.data.captions[i];
      const left = x > this.canvas.clientWidth - 120 ? x - 112 : x + 14;
      this.tip.style.transform = `translate(${left}px, ${this.canvas.offsetTop + Math.max(Math.min(y - 50, this.canvas.clientHeight - 120), 0)}px)`;
    }
    this.draw();
  }

  choose(i) {
    if (i < 0) return;
    this.chosen = i;
    this.draw();
    this.send('chosen', { rev: this.data.rev, position: i, click: performance.now() });
    if (matchMedia('(max-width: 640px)').matches) document.querySelector(`.st-key-${this.data.reveal}`)?.scrollIntoView({ behavior: 'smooth' });
  }

  surround() {
    const line = this.line;
    this.line = null;
    const within = ([x, y]) => line.reduce((odd, [ax, ay], k) => {
      const [bx, by] = line[(k + 1) % line.length];
      return (ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax ? !odd : odd;
    }, false);
    const inside = line.length > 2 ? this.points.flatMap((p, i) => within(p) ? [i] : []) : [];
    this.inside = inside.length ? new Set(inside) : null;
    this.draw();
    this.send('lasso', { rev: this.data.rev, positions: inside, click: performance.now() });
  }

  zoomBy(factor, x, y) {
    const { clientWidth: w, clientHeight: h } = this.canvas, old = this.zoom;
    this.zoom = Math.min(Math.max(old * factor, 0.5), 60);
    [[x ?? w / 2, w], [y ?? h / 2, h]].forEach(([at, of], k) => { this.pan[k] = (at - of / 2) - (at - of / 2 - this.pan[k]) * this.zoom / old; });
    this.point(-1);
  }

  press(name) {
    if (name === 'in') this.zoomBy(1.5);
    else if (name === 'out') this.zoomBy(1 / 1.5);
    else if (name === 'whole') { this.zoom = 1; this.pan = [0, 0]; this.draw(); }
    else if (name === 'pictures') { this.pictures = !this.pictures; this.draw(); }
    else this.mode = this.mode === 'around' ? 'move' : 'around';
    this.root.querySelector('[name=pictures]').setAttribute('aria-pressed', String(!!this.pictures));
    this.root.querySelector('[name=around]').setAttribute('aria-pressed', String(this.mode === 'around'));
  }

  step(key) {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
    if (!way) return false;
    const [x, y] = this.points[this.at] ?? [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    let best = -1, least = Infinity;
    this.points.forEach(([a, b], i) => {
      const ahead = (a - x) * way[0] + (b - y) * way[1], aside = Math.abs((a - x) * way[1]) + Math.abs((b - y) * way[0]);
      const cost = ahead + 2 * aside;
      if (i !== this.at && ahead > 0.5 && cost < least) [best, least] = [i, cost];
    });
    if (best >= 0) this.point(best);
    return true;
  }

  listen() {
    const { canvas } = this, place = e => { const r = canvas.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
    let from = null, moved = false;
    canvas.addEventListener('pointerdown', e => {
      [from, moved] = [place(e), false];
      canvas.setPointerCapture(e.pointerId);
      if (this.mode === 'around') this.line = [from];
    });
    canvas.addEventListener('pointermove', e => {
      const [x, y] = place(e);
      if (!from) return this.point(this.nearest(x, y));
      moved ||= Math.hypot(x - from[0], y - from[1]) > 4;
      if (this.line) this.line.push([x, y]);
      else if (moved && this.dims === 3) { this.turn[0] += (x - from[0]) / 150; this.turn[1] += (y - from[1]) / 150; from = [x, y]; }
      else if (moved) { this.pan[0] += x - from[0]; this.pan[1] += y - from[1]; from = [x, y]; }
      if (moved) this.point(-1);
    });
    const up = e => {
      if (from && !moved) { this.line = null; const i = this.nearest(...place(e)); this.point(i); this.choose(i); }
      else if (this.line) this.surround();
      from = null;
    };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', () => { from = this.line = null; });
    canvas.addEventListener('pointerleave', () => from || this.point(-1));
    canvas.addEventListener('dblclick', () => this.press('whole'));
    canvas.addEventListener('wheel', e => {
      if (!e.ctrlKey && this.root.getRootNode().activeElement !== canvas) return;  // otherwise the wheel scrolls the page
      e.preventDefault();
      this.zoomBy(Math.exp(-e.deltaY / 300), ...place(e));
    }, { passive: false });
    canvas.addEventListener('keydown', e => {
      const handled = e.key === 'Enter' ? (this.choose(this.at), true) : '+-'.includes(e.key) ? (this.press(e.key === '+' ? 'in' : 'out'), true) : this.step(e.key);
      if (handled) e.preventDefault();
    });
    this.root.querySelector('.bar').addEventListener('click', e => e.target.name && this.press(e.target.name));
  }

  legend() {
    const legend = this.root.querySelector('.legend'), present = [...new Set(this.labels)].sort();
    legend.replaceChildren(...present.map(digit => {
      const entry = document.createElement('span'), dot = document.createElement('i');
      dot.style.background = this.data.colours[digit];
      entry.append(dot, this.data.names[digit]);
      entry.onpointerenter = () => { this.lit = digit; this.draw(); };
      entry.onpointerleave = () => { this.lit = -1; this.draw(); };
      return entry;
    }));
  }
}

export default function ({ data: [data], parentElement, setStateValue }) {
  const root = parentElement.querySelector('.map');
  let map = maps.get(root);
  if (!map) maps.set(root, map = new DigitMap(root));
  map.send = setStateValue;
  if (map.data?.rev !== data.rev) map.show(data);
  else map.draw();  // the theme may have changed
}
