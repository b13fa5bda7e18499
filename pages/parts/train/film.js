// A run as a film: one clock for the network, the curves, the digits, the map and the bars of the layers.

const films = new WeakMap();
const PER_SECOND = 3; // moments a second at normal speed
const GLIDE_SECONDS = 1.5; // at most, from one stop of the tour to the next
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const DIGITS = 25;

const percent = (share) => `${(100 * share).toFixed(2)}%`;
const rgb = (colour, alpha = 1) => `rgba(${colour[0]},${colour[1]},${colour[2]},${alpha})`;

class Film {
  constructor(root, common, network, Tour, send) {
    Object.assign(this, { root, common, network, send, position: 0, speed: 1 });
    this.living = new network.Living(root.querySelector(".living"), common);
    const find = (name) => root.querySelector(`.film-${name}`);
    this.parts = Object.fromEntries(["play", "slider", "speed", "now", "curves", "digits", "map", "learned", "layers", "picked", "bar", "beside"].map((name) => [name, find(name)]));
    const { play, slider, speed, map, learned } = this.parts;
    for (const value of SPEEDS) speed.append(new Option(`${value}×`, value, value === 1, value === 1));
    play.onclick = () => (this.player.playing() ? this.pause() : this.play());
    this.player = common.player({ at: () => this.position, go: (position) => this.go(position), changed: () => this.write() });
    slider.oninput = () => { this.pause(); this.go(Number(slider.value)); };
    speed.onchange = () => (this.speed = Number(speed.value));
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
    this.pause();
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
    this.parts.slider.max = this.last;
    if (data.beside) this.parts.beside.href = data.beside;
    if (fresh) this.picked = null;
    this.spread = Math.max(1e-9, ...film.moments.flatMap((moment) => Array.from((moment.places ??= this.common.whole(moment.positions, Float32Array)), Math.abs)));
    for (const moment of film.moments) moment.guesses ??= this.common.whole(moment.predicted, Uint8Array);
    this.go(fresh || this.position > this.last ? this.last : this.position);
    this.tour.take(film.tour, data, fresh);
  }

  play() {
    if (this.position >= this.last) this.go(0);
    this.player.run(this.last, () => PER_SECOND * this.speed);
  }

  still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // Plays to a later moment within two seconds; goes there at once if it is earlier, or if nothing may move by itself.
  glide(position) {
    this.pause();
    const away = position - this.position;
    if (away <= 0 || this.still()) return this.go(position);
    this.player.run(position, () => Math.max(2 * PER_SECOND, away / GLIDE_SECONDS));
  }

  pause() {
    this.player.pause();
  }

  // The name of the button.
  write() {
    this.parts.play.textContent = this.player.playing() ? "Pause" : this.data?.play ?? "Play";
  }

  go(position) {
    this.position = position;
    const moment = this.film.moments[position], { slider, now } = this.parts;
    slider.value = position;
    slider.setAttribute("aria-valuetext", `step ${moment.step}`);
    this.write();
    const when = moment.step ? `step ${moment.step.toLocaleString("en")} · epoch ${moment.epoch.toFixed(2)}` : "before training";
    now.textContent = `${when} · ${percent(moment.validation_accuracy)} of ${this.context.labels.length} ${this.data.images} right`;
    this.root.dataset.step = moment.step;
    this.living.show(moment.frame, { ...this.context, moment: moment.step });
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
    const made = !this.parts.curves.hidden && this.common.sharp(this.parts.curves, 120);
    if (!made) return;
    const { pen, width, height } = made, half = width / 2, moments = this.film.moments, { colours } = this;
    const chart = (left, title, most, lines) => {
      const wide = half - 62, top = 22, high = height - 40, x = (i) => left + 40 + (wide * i) / Math.max(1, this.last), y = (value) => top + high * (1 - value / most);
      pen.font = `600 12px ${colours.font}`;
      pen.textAlign = "left";
      pen.fillStyle = colours.text;
      pen.fillText(title, left, 11);
      pen.font = `11px ${colours.font}`;
      pen.globalAlpha = 0.65;
      pen.textAlign = "right";
      for (const share of [0, 0.5, 1]) pen.fillText(most === 1 ? `${100 * share}%` : (most * share).toFixed(1), left + 34, y(most * share) + 4);
      pen.globalAlpha = 1;
      pen.strokeStyle = colours.line;
      pen.lineWidth = 1;
      for (const share of [0, 0.5, 1]) { pen.beginPath(); pen.moveTo(x(0), y(most * share)); pen.lineTo(x(this.last), y(most * share)); pen.stroke(); }
      for (const [field, tone, name, place] of lines) {
        pen.strokeStyle = pen.fillStyle = tone;
        pen.lineWidth = 2;
        pen.textAlign = "left";
        pen.fillText(name, left + 70 + place, 11);
        pen.beginPath();
        let begun = false;
        moments.slice(0, this.position + 1).forEach((each, i) => {
          if (each[field] === null) return;
          begun ? pen.lineTo(x(i), y(Math.min(most, each[field]))) : pen.moveTo(x(i), y(Math.min(most, each[field])));
          begun = true;
        });
        pen.stroke();
        const value = moments[this.position][field];
        if (value !== null) { pen.beginPath(); pen.arc(x(this.position), y(Math.min(most, value)), 4, 0, 7); pen.fill(); }
      }
      pen.strokeStyle = colours.primary;
      pen.globalAlpha = 0.5;
      pen.beginPath(); pen.moveTo(x(this.position), top); pen.lineTo(x(this.position), top + high); pen.stroke();
      pen.globalAlpha = 1;
    };
    const tones = [this.data.tones.training, this.data.tones.validation], most = Math.max(0.1, ...moments.map((each) => Math.max(each.loss ?? 0, each.validation_loss ?? 0)));
    chart(0, "Loss", most, [["loss", tones[0], "training", 0], ["validation_loss", tones[1], "validation", 56]]);
    chart(half + 6, "Accuracy", 1, [["accuracy", tones[0], "training", 0], ["validation_accuracy", tones[1], "validation", 56]]);
  }

  // The first 25 images with the answers of this moment; a click lets another one run through the network.
  drawDigits(moment) {
    const { digits } = this.parts, { sheet, across, labels } = this.context;
    if (digits.children.length !== Math.min(DIGITS, labels.length)) {
      digits.replaceChildren(...labels.slice(0, DIGITS).map((label, place) => {
        const made = document.createElement("button");
        made.type = "button";
        made.append(this.common.tile(place, sheet, across, labels.length), document.createElement("span"));
        made.onclick = () => place < this.data.choosable && this.send("digit", place);
        return made;
      }));
    }
    [...digits.children].forEach((button, place) => {
      const guess = moment.guesses[place], right = guess === labels[place];
      button.disabled = place >= this.data.choosable;
      button.setAttribute("aria-pressed", String(place === this.data.place));
      button.setAttribute("aria-label", `a ${labels[place]}, predicted ${guess}`);
      button.title = `label ${labels[place]}, predicted ${guess}`;
      button.lastChild.textContent = `${right ? "✓" : "✗"} ${guess}`;
      button.lastChild.style.color = right ? this.colours.right : this.colours.wrong;
    });
  }

  spot(moment, place, width, height) {
    const scale = (Math.min(width, height) / 2 - 10) / this.spread;
    return [width / 2 + moment.places[2 * place] * scale * (width / Math.min(width, height)) * 0.95, height / 2 - moment.places[2 * place + 1] * scale];
  }

  drawMap(moment) {
    const made = this.common.sharp(this.parts.map, 240);
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
    const made = !this.parts.learned.closest("figure").hidden && this.common.sharp(this.parts.learned, 240);
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
      const { moments } = this.film, guess = moments[this.position].guesses[place], words = document.createElement("span"), draw = document.createElement("button");
      const wrong = moments.map((moment) => moment.guesses[place] !== labels[place]), last = wrong.lastIndexOf(true);
      const story = last === this.last ? "It is still wrong at the end." : last < 0 ? "It was right from the start." : `Learned for good at step ${moments[last + 1].step}.`;
      words.textContent = `Label ${labels[place]}, predicted ${guess}. ${moments.length > 1 ? story : ""}`;
      draw.type = "button";
      draw.textContent = "Send to Draw";
      draw.onclick = () => this.send("draw", place);
      box.append(this.common.tile(place, sheet, across, labels.length), words, draw);
    }
    this.draw();
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
      size.textContent = update_ratio === null ? "–" : update_ratio.toExponential(1);
      share.firstChild.style.width = `${100 * dead}%`;
      count.textContent = `${(100 * dead).toFixed(0)}%`;
    });
  }
}

export default async function ({ data: [data], parentElement, setTriggerValue }, common) {
  const network = await import(new URL(data.network, document.baseURI).href);
  const { Tour } = await import(new URL(data.tour_script, document.baseURI).href);
  const root = parentElement.querySelector(".film");
  if (!root) return;
  let held = films.get(parentElement);
  if (!held) films.set(parentElement, (held = new Film(root, common, network, Tour, setTriggerValue)));
  held.wanted = data;
  const frames = data.film ?? (await common.film(data.address));
  if (held.wanted !== data) return;
  root.querySelector(".living-caption").textContent = data.caption;
  held.take(frames, data.context, data);
}

export function forget(parentElement) {
  films.get(parentElement)?.end();
  films.delete(parentElement);
}
