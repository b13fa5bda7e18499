// A run as a film: one clock for the network, the curves, the digits, the map and the bars of the layers.

const films = new WeakMap();
const PER_SECOND = 3; // moments a second at normal speed
const GLIDE_SECONDS = 1.5; // at most, from one stop of the tour to the next

class Film {
  constructor(root, { common, shared, network, Tour, send }) {
    Object.assign(this, { root, shared, network, send, position: 0 });
    this.living = new network.Living(root.querySelector(".living"), common);
    const find = (name) => root.querySelector(`.film-${name}`);
    this.parts = Object.fromEntries(["play", "slider", "speed", "now", "curves", "digits", "map", "learned", "layers", "picked", "bar", "beside"].map((name) => [name, find(name)]));
    const { map, learned } = this.parts;
    this.bar = shared.playBar(this.parts, this, PER_SECOND);
    map.onclick = (event) => this.pick(this.nearest(event));
    learned.onclick = (event) => this.pick(this.rowAt(event));
    map.onkeydown = (event) => this.walk(event, (step) => (this.picked ?? (step > 0 ? -1 : 0)) + step);
    learned.onkeydown = (event) => this.walk(event, (step) => {
      const { order } = this.film, row = this.picked === null ? -1 : order.indexOf(this.picked);
      return order[(Math.max(row, step > 0 ? -1 : 0) + step + order.length) % order.length];
    });
    this.tour = new Tour(this);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(root);
  }

  end() {
    this.bar.pause();
    this.living.end();
    this.sizes.disconnect();
  }

  take(film, context, data) {
    const fresh = this.data?.key !== data.key;
    Object.assign(this, { film, context, data });
    this.root.dataset.run = data.key;
    this.last = film.moments.length - 1;
    const single = film.moments.length < 2;
    this.parts.bar.hidden = this.parts.curves.hidden = single;
    this.parts.learned.closest("figure").hidden = single;
    if (data.beside) this.parts.beside.href = data.beside;
    if (fresh) this.picked = null, this.parts.picked.replaceChildren();
    this.spread = Math.max(1e-9, ...film.moments.flatMap((moment) => Array.from((moment.places ??= this.shared.whole(moment.positions, Float32Array)), Math.abs)));
    for (const moment of film.moments) moment.guesses ??= this.shared.whole(moment.predicted, Uint8Array);
    this.go(fresh || this.position > this.last ? this.last : this.position);
    this.tour.take(film.tour, data, fresh);
  }

  get playName() {
    return this.data?.play ?? "Play";
  }

  still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // Plays to a later moment in at most 1.5 seconds; goes there at once if it is earlier, or if nothing may move by itself.
  glide(position) {
    this.bar.pause();
    const away = position - this.position;
    if (away <= 0 || this.still()) return this.go(position);
    this.bar.run(position, () => Math.max(2 * PER_SECOND, away / GLIDE_SECONDS));
  }

  go(position) {
    this.position = position;
    const moment = this.film.moments[position], { now } = this.parts;
    this.bar.show(position, this.step(moment));
    const when = moment.step ? `${this.step(moment)} · epoch ${moment.epoch.toFixed(2)}` : "before training";
    now.textContent = `${when} · ${this.shared.percent(moment.validation_accuracy)} of ${this.context.labels.length} ${this.data.images} right`;
    this.root.dataset.step = moment.step;
    this.living.show(moment.frame, { ...this.context, moment: moment.step });
    this.tell();
    this.draw();
  }

  draw() {
    if (!this.film) return;
    this.colours = this.network.theme(this.root, this.context.colours);
    const moment = this.film.moments[this.position];
    this.drawCurves();
    this.drawDigits(moment);
    this.drawMap(moment);
    this.drawLearned();
    this.drawLayers(moment);
  }

  drawCurves() {
    if (this.parts.curves.hidden) return;
    const moments = this.film.moments, seen = moments.slice(0, this.position + 1), { training, validation } = this.data.tones;
    const line = (field, colour, name, after) => ({ colour, name, after, points: seen.map((moment, at) => [at, moment[field]]) });
    const second = this.data.holds_out ? "validation" : `${this.context.labels.length} images`;
    const lines = (prefix) => [line(prefix, training, "training", 66), line(`validation_${prefix}`, validation, second, 116)];
    const most = Math.max(0.1, ...moments.map((moment) => Math.max(moment.loss ?? 0, moment.validation_loss ?? 0)));
    this.shared.drawCharts(this.parts.curves, 120, this, this.colours, [
      { title: "Loss", most, written: this.shared.lossMark, lines: lines("loss") },
      { title: "Accuracy", most: 1, written: (value) => `${100 * value}%`, lines: lines("accuracy") },
    ]);
  }

  drawDigits({ guesses }) {
    const words = (place) => `predicted ${this.context.names[guesses[place]]}`;
    this.shared.drawDigits(this.parts.digits, this.context, this.data, (place) => [guesses[place]], words, (place) => this.send("digit", place));
  }

  spot(moment, place, width, height) {
    const scale = (Math.min(width, height) / 2 - 10) / this.spread;
    return [width / 2 + moment.places[2 * place] * scale * (width / Math.min(width, height)) * 0.95, height / 2 - moment.places[2 * place + 1] * scale];
  }

  drawMap(moment) {
    const made = this.shared.sharp(this.parts.map, 240);
    if (!made) return;
    const { pen, width, height } = made, { labels } = this.context;
    labels.forEach((label, place) => {
      const [x, y] = this.spot(moment, place, width, height), right = moment.guesses[place] === label;
      pen.fillStyle = pen.strokeStyle = this.data.palette[label];
      pen.globalAlpha = right ? 0.75 : 1;
      pen.beginPath();
      if (right) pen.arc(x, y, 2.6, 0, 7), pen.fill();
      else { pen.lineWidth = 2; pen.moveTo(x - 4, y - 4); pen.lineTo(x + 4, y + 4); pen.moveTo(x + 4, y - 4); pen.lineTo(x - 4, y + 4); pen.stroke(); }
    });
    pen.globalAlpha = 1;
    if (this.picked !== null && this.picked !== undefined) {
      const [x, y] = this.spot(moment, this.picked, width, height);
      pen.strokeStyle = this.colours.primary;
      pen.lineWidth = 2;
      pen.beginPath(); pen.arc(x, y, 8, 0, 7); pen.stroke();
    }
  }

  nearest(event) {
    const box = this.parts.map.getBoundingClientRect(), moment = this.film.moments[this.position];
    let best = 0, least = Infinity;
    this.context.labels.forEach((_, place) => {
      const [x, y] = this.spot(moment, place, box.width, box.height), away = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (away < least) [best, least] = [place, away];
    });
    return least < 24 ? best : null;
  }

  drawLearned() {
    const made = !this.parts.learned.closest("figure").hidden && this.shared.sharp(this.parts.learned, 240);
    if (!made) return;
    const { pen, width, height } = made, { order, moments } = this.film, { labels } = this.context, wide = width / moments.length, high = height / order.length;
    moments.forEach((moment, column) => {
      pen.globalAlpha = column > this.position ? 0.18 : 1;
      order.forEach((place, row) => {
        pen.fillStyle = moment.guesses[place] === labels[place] ? this.colours.right : this.colours.wrong;
        const left = Math.round(column * wide), top = Math.round(row * high * 2) / 2;
        pen.fillRect(left, top, Math.round((column + 1) * wide) - left, Math.round((row + 1) * high * 2) / 2 - top);
      });
    });
    pen.globalAlpha = 1;
    pen.strokeStyle = this.colours.text;
    pen.lineWidth = 1.5;
    pen.strokeRect(this.position * wide, 0.5, wide, height - 1);
    if (this.picked !== null && this.picked !== undefined) {
      const row = order.indexOf(this.picked);
      pen.strokeStyle = this.colours.primary;
      pen.lineWidth = 2;
      pen.strokeRect(0, row * high - 2, width, high + 4);
    }
  }

  // Arrow keys choose the next image, Home the first mistake of this moment, Enter goes to the buttons, Escape ends the choice.
  walk(event, next) {
    const { labels } = this.context, { guesses } = this.film.moments[this.position];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const wrong = labels.findIndex((label, place) => guesses[place] !== label);
    if (step) this.pick((next(step) + labels.length) % labels.length);
    else if (event.key === "Home" && wrong >= 0) this.pick(wrong);
    else if (event.key === "Enter") this.parts.picked.querySelector("button")?.focus();
    else if (event.key === "Escape") this.pick(null);
    else return;
    event.preventDefault();
  }

  rowAt(event) {
    const box = this.parts.learned.getBoundingClientRect(), { order } = this.film;
    return order[Math.min(order.length - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * order.length)))];
  }

  pick(picked) {
    const place = (this.picked = picked ?? null);
    const box = this.parts.picked, { sheet, across, labels } = this.context;
    box.replaceChildren();
    if (place !== null) {
      const draw = document.createElement("button");
      draw.type = "button";
      draw.textContent = "Send to Draw";
      draw.onclick = () => this.send("draw", place);
      box.append(this.shared.tile(place, sheet, across, labels.length), document.createElement("span"), draw);
      this.tell();
    }
    this.draw();
  }

  // What the chosen image is taken for at this moment.
  tell() {
    const words = this.parts.picked.querySelector("span"), { picked: place, last } = this;
    if (!words || place === null || place === undefined) return;
    const { moments } = this.film, { labels, names } = this.context, wrong = moments.map((moment) => moment.guesses[place] !== labels[place]), late = wrong.lastIndexOf(true);
    const story = late === last ? "It is still wrong at the end." : late < 0 ? "It was right from the start." : `Learned for good at ${this.step(moments[late + 1])}.`;
    const text = `Label ${names[labels[place]]}, predicted ${names[moments[this.position].guesses[place]]}. ${last ? story : ""}`;
    if (words.textContent !== text) words.textContent = text;
  }

  step(moment) {
    return `step ${moment.step.toLocaleString("en")}`;
  }

  // Of each layer, how far one step moves its weights, and how many units are dead.
  drawLayers(moment) {
    const { layers } = this.parts;
    if (layers.children.length !== moment.layers.length * 5) {
      layers.replaceChildren(...moment.layers.flatMap((layer) => [layer.name, null, "", null, ""].map((text) => {
        const made = document.createElement(text === null ? "div" : "span");
        if (text === null) made.append(document.createElement("div"));
        else made.textContent = text;
        return made;
      })));
    }
    moment.layers.forEach(({ update_ratio, dead }, row) => {
      const [, update, size, share, count] = [...layers.children].slice(5 * row);
      // From 0.00001 to 0.1 on a log scale: 0.001 is a healthy size and stands at the middle.
      const long = update_ratio ? Math.min(1, Math.max(0, (Math.log10(update_ratio) + 5) / 4)) : 0;
      update.firstChild.style.width = `${100 * long}%`;
      size.textContent = update_ratio === null ? "–" : `${Number((100 * update_ratio).toPrecision(2))}%`;
      share.firstChild.style.width = `${100 * dead}%`;
      count.textContent = `${(100 * dead).toFixed(0)}%`;
    });
  }
}

export default async function ({ data: [data], parentElement, setTriggerValue }, common) {
  const network = await import(new URL(data.network, document.baseURI).href);
  const shared = await import(new URL(data.shared, document.baseURI).href);
  const { Tour } = await import(new URL(data.tour_script, document.baseURI).href);
  const root = parentElement.querySelector(".film");
  if (!root) return;
  let held = films.get(parentElement);
  if (!held) films.set(parentElement, (held = new Film(root, { common, shared, network, Tour, send: setTriggerValue })));
  held.wanted = data;
  const frames = data.film ?? (await shared.fetchFilm(data.address));
  if (held.wanted !== data) return;
  root.querySelector(".living-caption").textContent = data.caption;
  held.take(frames, data.context, data);
}

export function forget(parentElement) {
  films.get(parentElement)?.end();
  films.delete(parentElement);
}
