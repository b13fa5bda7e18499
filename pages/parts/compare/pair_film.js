// Two runs as films on one clock: at each reading, each network as its newest moment shows it.

const pairs = new WeakMap();
const PER_SECOND = 4; // readings a second at normal speed
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const DIGITS = 25;

const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(2)}%`);
const loss = (value) => (value === null ? "not a number" : value.toFixed(4));
const count = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });

class Pair {
  constructor(root, common, network, send) {
    Object.assign(this, { root, common, network, send, position: 0, speed: 1 });
    const find = (name) => root.querySelector(`.pair-${name}`);
    this.parts = Object.fromEntries(["play", "slider", "speed", "clock", "now", "curves", "digits", "table"].map((name) => [name, find(name)]));
    this.sides = [...root.querySelectorAll(".pair-side")].map((side) => ({
      title: side.querySelector("h2"), state: side.querySelector(".pair-state"), living: new network.Living(side.querySelector(".living"), common),
    }));
    const { play, slider, speed, clock, table } = this.parts;
    for (const value of SPEEDS) speed.append(new Option(`${value}×`, value, value === 1, value === 1));
    this.player = common.player({ at: () => this.position, go: (position) => this.go(position), changed: () => this.write() });
    play.onclick = () => (this.player.playing() ? this.player.pause() : this.play());
    slider.oninput = () => { this.player.pause(); this.go(Number(slider.value)); };
    speed.onchange = () => (this.speed = Number(speed.value));
    clock.onchange = () => this.turn(clock.value);
    table.ontoggle = () => this.fillTable();
    this.sizes = new ResizeObserver(() => this.drawCurves());
    this.sizes.observe(root);
  }

  end() {
    this.player.pause();
    for (const side of this.sides) side.living.end();
    this.sizes.disconnect();
  }

  take(films, data) {
    const fresh = this.data?.key !== data.key, { clock, table } = this.parts;
    Object.assign(this, { films, data });
    for (const film of films) for (const moment of film.moments) moment.guesses ??= this.common.whole(moment.predicted, Uint8Array);
    if (fresh) clock.replaceChildren(...Object.entries(data.clocks).map(([name, { label }]) => new Option(label, name)));
    data.sides.forEach(({ title, colour }, side) => {
      this.sides[side].title.textContent = title;
      this.sides[side].title.style.setProperty("--pair-colour", colour);
    });
    if (fresh) table.querySelector("table").replaceChildren();
    this.root.dataset.pair = data.key;
    this.ticks = data.clocks[clock.value].ticks;
    this.parts.slider.max = this.last;
    this.go(fresh ? this.last : Math.min(this.position, this.last));
  }

  get last() {
    return this.ticks.length - 1;
  }

  // Another clock: both networks keep at least what they have learned up to now.
  turn(name) {
    const [, left, right] = this.ticks[this.position];
    this.player.pause();
    this.ticks = this.data.clocks[name].ticks;
    this.parts.slider.max = this.last;
    this.go(Math.max(0, this.ticks.findIndex((tick) => tick[1] >= left && tick[2] >= right)));
  }

  play() {
    if (this.position >= this.last) this.go(0);
    this.player.run(this.last, () => PER_SECOND * this.speed);
  }

  write() {
    this.parts.play.textContent = this.player.playing() ? "Pause" : "Play";
  }

  moment(side) {
    return this.films[side].moments[this.ticks[this.position][side + 1]];
  }

  go(position) {
    this.position = position;
    const [reading] = this.ticks[position], { slider, now, clock } = this.parts, label = this.data.clocks[clock.value].label;
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${count(reading)} ${label}`);
    now.textContent = `${reading ? `${count(reading)} ${label}` : "Before training"} · the same digit runs through both networks`;
    this.root.dataset.reading = reading;
    this.write();
    this.sides.forEach((side, place) => this.show(side, place));
    this.drawCurves();
    this.drawDigits();
    this.fillTable();
  }

  show(side, place) {
    const { context, seen, images, ended } = this.data.sides[place], at = this.ticks[this.position][place + 1], moment = this.moment(place);
    const over = at === seen.length - 1 ? ` · ${ended}` : "";
    side.state.textContent = `step ${count(moment.step)} · ${count(seen[at])} images seen · ${percent(moment.validation_accuracy)} of ${context.labels.length} ${images} right${over}`;
    side.state.dataset.step = moment.step;
    side.living.show(moment.frame, { ...context, moment: moment.step });
  }

  // A line for each run through its own moments; equal steps of the slider are equally wide.
  drawCurves() {
    const made = this.ticks && this.common.sharp(this.parts.curves, 116);
    if (!made) return;
    const { pen, width, height } = made, half = width / 2, colours = this.network.theme(this.root, this.data.sides[0].context.colours);
    const chart = (left, title, field, most, words) => {
      const wide = half - 66, top = 22, high = height - 40, x = (i) => left + 44 + (wide * i) / Math.max(1, this.last), y = (value) => top + high * (1 - Math.min(most, value) / most);
      pen.fillStyle = colours.text;
      pen.textAlign = "left";
      pen.font = `600 12px ${colours.font}`;
      pen.fillText(title, left, 11);
      pen.font = `11px ${colours.font}`;
      pen.textAlign = "right";
      pen.lineWidth = 1;
      for (const share of [0, 0.5, 1]) {
        pen.globalAlpha = 0.75;
        pen.fillText(words(most * share), left + 38, y(most * share) + 4);
        pen.globalAlpha = 1;
        pen.strokeStyle = colours.line;
        pen.beginPath(); pen.moveTo(x(0), y(most * share)); pen.lineTo(x(this.last), y(most * share)); pen.stroke();
      }
      this.data.sides.forEach(({ colour }, side) => {
        pen.strokeStyle = pen.fillStyle = colour;
        pen.lineWidth = 2;
        pen.setLineDash(side ? [6, 4] : []);
        pen.beginPath();
        let before = -1, begun = false;
        this.ticks.slice(0, this.position + 1).forEach((tick, i) => {
          const value = this.films[side].moments[tick[side + 1]][field];
          if (tick[side + 1] === before || value === null) return;
          before = tick[side + 1];
          begun ? pen.lineTo(x(i), y(value)) : pen.moveTo(x(i), y(value));
          begun = true;
        });
        const now = this.moment(side)[field];
        if (now !== null) pen.lineTo(x(this.position), y(now));
        pen.stroke();
        pen.setLineDash([]);
        if (now !== null) { pen.beginPath(); pen.arc(x(this.position), y(now), 4, 0, 7); pen.fill(); }
      });
      pen.strokeStyle = colours.primary;
      pen.globalAlpha = 0.5;
      pen.beginPath(); pen.moveTo(x(this.position), top); pen.lineTo(x(this.position), top + high); pen.stroke();
      pen.globalAlpha = 1;
    };
    // A loss that explodes leaves the chart at its top: the other run stays readable.
    const losses = this.films.map((film) => film.moments.map((moment) => moment.validation_loss ?? 0));
    const most = Math.min(Math.max(0.1, ...losses.flat()), 2 * Math.max(1, losses[0][0], losses[1][0]));
    chart(0, "Loss", "validation_loss", most, (value) => value.toFixed(1));
    chart(half + 6, "Accuracy", "validation_accuracy", 1, (value) => `${100 * value}%`);
  }

  // The first images with the answers of both networks; a click lets another one run through them.
  drawDigits() {
    const { digits } = this.parts, { sheet, across, labels, colours } = this.data.sides[0].context;
    if (digits.children.length !== Math.min(DIGITS, labels.length)) {
      digits.replaceChildren(...labels.slice(0, DIGITS).map((label, place) => {
        const made = document.createElement("button");
        made.type = "button";
        made.append(this.common.tile(place, sheet, across, labels.length), document.createElement("span"), document.createElement("span"));
        made.onclick = () => place < this.data.choosable && this.send("digit", place);
        return made;
      }));
    }
    [...digits.children].forEach((button, place) => {
      const guesses = [0, 1].map((side) => this.moment(side).guesses[place]);
      button.disabled = place >= this.data.choosable;
      button.setAttribute("aria-pressed", String(place === this.data.place));
      button.title = `label ${labels[place]}, left predicts ${guesses[0]}, right predicts ${guesses[1]}`;
      button.setAttribute("aria-label", `a ${labels[place]}, left predicts ${guesses[0]}, right predicts ${guesses[1]}`);
      guesses.forEach((guess, side) => {
        const mark = button.children[side + 1], right = guess === labels[place];
        mark.textContent = `${right ? "✓" : "✗"} ${guess}`;
        mark.style.setProperty("--mark", right ? colours.right : colours.wrong);
      });
    });
  }

  fillTable() {
    const { table } = this.parts;
    if (!table.open || !this.films) return;
    const { labels } = this.data.sides[0].context, moments = [0, 1].map((side) => this.moment(side)), { place } = this.data;
    const outputs = moments.map((moment) => moment.frame.layers.at(-1).values), at = (side) => this.ticks[this.position][side + 1];
    const both = (of) => [0, 1].map((side) => of(moments[side], side));
    const rows = [
      ["Training images seen", ...both((_, side) => count(this.data.sides[side].seen[at(side)]))],
      ["Step", ...both((moment) => count(moment.step))],
      ["Epoch", ...both((moment) => moment.epoch.toFixed(2))],
      [`Accuracy on ${labels.length} images`, ...both((moment) => percent(moment.validation_accuracy))],
      [`Loss on ${labels.length} images`, ...both((moment) => loss(moment.validation_loss))],
      ["Training accuracy in this epoch", ...both((moment) => percent(moment.accuracy))],
      ["Training loss in this epoch", ...both((moment) => (moment.step ? loss(moment.loss) : "–"))],
      [`Probability of ${labels[place]}, the label of this image`, ...both((_, side) => percent(outputs[side][labels[place]]).replace("–", "not a number"))],
      ["Prediction for this image", ...both((moment) => String(moment.guesses[place]))],
    ];
    const names = [...new Set(moments.flatMap((moment) => moment.layers.map((layer) => layer.name)))];
    for (const name of names) {
      const layers = moments.map((moment) => moment.layers.find((layer) => layer.name === name));
      rows.push([`Change of ${name} per step`, ...layers.map((layer) => (layer?.update_ratio == null ? "–" : layer.update_ratio.toExponential(1)))]);
      rows.push([`Dead units in ${name}`, ...layers.map((layer) => (layer ? percent(layer.dead) : "–"))]);
    }
    const line = (cells, first) => {
      const row = document.createElement("tr");
      row.append(...cells.map((text, i) => {
        const cell = document.createElement(first || !i ? "th" : "td");
        cell.scope = first ? "col" : "row";
        cell.textContent = text;
        return cell;
      }));
      return row;
    };
    table.querySelector("table").replaceChildren(line(["", ...this.data.sides.map((side) => side.title)], true), ...rows.map((row) => line(row, false)));
  }
}

export default async function ({ data: [data], parentElement, setTriggerValue }, common) {
  const network = await import(new URL(data.network, document.baseURI).href);
  const root = parentElement.querySelector(".pair");
  if (!root) return;
  let held = pairs.get(parentElement);
  if (!held) pairs.set(parentElement, (held = new Pair(root, common, network, setTriggerValue)));
  held.wanted = data;
  const films = await Promise.all(data.sides.map((side) => common.film(side.address)));
  if (held.wanted === data) held.take(films, data);
}

export function forget(parentElement) {
  pairs.get(parentElement)?.end();
  pairs.delete(parentElement);
}
