// Two runs as films on one clock: at each reading, each network as its newest moment shows it.

const pairs = new WeakMap();
const PER_SECOND = 4; // readings a second at normal speed

const loss = (value) => (value === null ? "not a number" : value.toFixed(4));
const count = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });

class Pair {
  constructor(root, { common, shared, network, send }) {
    Object.assign(this, { root, shared, network, send, position: 0, playName: "Play" });
    const find = (name) => root.querySelector(`.pair-${name}`);
    this.parts = Object.fromEntries(["play", "slider", "speed", "clock", "now", "curves", "digits", "table"].map((name) => [name, find(name)]));
    this.sides = [...root.querySelectorAll(".pair-side")].map((side) => ({
      title: side.querySelector("h2"), state: side.querySelector(".pair-state"), living: new network.Living(side.querySelector(".living"), common),
    }));
    const { clock, table } = this.parts;
    this.bar = shared.playBar(this.parts, this, PER_SECOND);
    clock.onchange = () => this.turn(clock.value);
    table.ontoggle = () => this.fillTable();
    this.sizes = new ResizeObserver(() => this.drawCurves());
    this.sizes.observe(root);
  }

  end() {
    this.bar.pause();
    for (const side of this.sides) side.living.end();
    this.sizes.disconnect();
  }

  take(films, data) {
    const fresh = this.data?.key !== data.key, { clock, table } = this.parts;
    Object.assign(this, { films, data });
    for (const film of films) for (const moment of film.moments) moment.guesses ??= this.shared.whole(moment.predicted, Uint8Array);
    if (fresh) clock.replaceChildren(...Object.entries(data.clocks).map(([name, { label }]) => new Option(label, name)));
    data.sides.forEach(({ title, colour }, side) => {
      this.sides[side].title.textContent = title;
      this.sides[side].title.style.setProperty("--pair-colour", colour);
    });
    if (fresh) table.querySelector("table").replaceChildren();
    this.root.dataset.pair = data.key;
    this.ticks = data.clocks[clock.value].ticks;
    this.go(fresh ? this.last : Math.min(this.position, this.last));
  }

  get last() {
    return this.ticks.length - 1;
  }

  // Another clock: both networks keep at least what they have learned up to now.
  turn(name) {
    const [, left, right] = this.ticks[this.position];
    this.bar.pause();
    this.ticks = this.data.clocks[name].ticks;
    this.go(Math.max(0, this.ticks.findIndex((tick) => tick[1] >= left && tick[2] >= right)));
  }

  moment(side) {
    return this.films[side].moments[this.ticks[this.position][side + 1]];
  }

  go(position) {
    this.position = position;
    const [reading] = this.ticks[position], { now, clock } = this.parts, label = this.data.clocks[clock.value].label;
    this.bar.show(position, `${count(reading)} ${label}`);
    now.textContent = `${reading ? `${count(reading)} ${label}` : "Before training"} · the same digit runs through both networks`;
    this.root.dataset.reading = reading;
    this.sides.forEach((side, place) => this.show(side, place));
    this.drawCurves();
    this.drawDigits();
    this.fillTable();
  }

  show(side, place) {
    const { context, seen, images, ended } = this.data.sides[place], at = this.ticks[this.position][place + 1], moment = this.moment(place);
    const over = at === seen.length - 1 ? ` · ${ended}` : "";
    side.state.textContent = `step ${count(moment.step)} · ${count(seen[at])} images seen · ${this.shared.percent(moment.validation_accuracy)} of ${context.labels.length} ${images} right${over}`;
    side.state.dataset.step = moment.step;
    side.living.show(moment.frame, { ...context, moment: moment.step });
  }

  // A line for each run through its own moments; equal steps of the slider are equally wide.
  drawCurves() {
    if (!this.ticks) return;
    const colours = this.network.theme(this.root, this.data.sides[0].context.colours);
    const lines = (field) => this.data.sides.map(({ colour }, side) => ({ colour, dash: side ? [6, 4] : [], points: this.points(side, field) }));
    // A loss that explodes leaves the chart at its top: the other run stays readable.
    const losses = this.films.map((film) => film.moments.map((moment) => moment.validation_loss ?? 0));
    const most = Math.min(Math.max(0.1, ...losses.flat()), 2 * Math.max(1, losses[0][0], losses[1][0]));
    this.shared.drawCharts(this.parts.curves, 116, this, colours, [
      { title: "Loss", most, written: this.shared.lossMark, lines: lines("validation_loss") },
      { title: "Accuracy", most: 1, written: (value) => `${100 * value}%`, lines: lines("validation_accuracy") },
    ]);
  }

  // A point for each moment up to now, at the first reading that shows it, and one for the present reading.
  points(side, field) {
    const seen = this.ticks.slice(0, this.position + 1).map((tick, at) => [at, tick[side + 1]]);
    const first = seen.filter(([at, moment]) => !at || moment !== seen[at - 1][1]);
    return [...first.map(([at, moment]) => [at, this.films[side].moments[moment][field]]), [this.position, this.moment(side)[field]]];
  }

  drawDigits() {
    const guesses = (place) => [0, 1].map((side) => this.moment(side).guesses[place]);
    const { names } = this.data.sides[0].context;
    const words = (place) => `left predicts ${names[guesses(place)[0]]}, right predicts ${names[guesses(place)[1]]}`;
    this.shared.drawDigits(this.parts.digits, this.data.sides[0].context, this.data, guesses, words, (place) => this.send("digit", place));
  }

  fillTable() {
    const { table } = this.parts;
    if (!table.open || !this.films) return;
    const { labels, names } = this.data.sides[0].context, moments = [0, 1].map((side) => this.moment(side)), { place } = this.data;
    const outputs = moments.map((moment) => moment.frame.layers.at(-1).values), at = (side) => this.ticks[this.position][side + 1];
    const both = (of) => [0, 1].map((side) => of(moments[side], side));
    const rows = [
      ["Training images seen", ...both((_, side) => count(this.data.sides[side].seen[at(side)]))],
      ["Step", ...both((moment) => count(moment.step))],
      ["Epoch", ...both((moment) => moment.epoch.toFixed(2))],
      [`Accuracy on ${labels.length} images`, ...both((moment) => this.shared.percent(moment.validation_accuracy))],
      [`Loss on ${labels.length} images`, ...both((moment) => loss(moment.validation_loss))],
      ["Training accuracy in this epoch", ...both((moment) => this.shared.percent(moment.accuracy))],
      ["Training loss in this epoch", ...both((moment) => (moment.step ? loss(moment.loss) : "–"))],
      [`Probability of ${names[labels[place]]}, the label of this image`, ...both((_, side) => this.shared.percent(outputs[side][labels[place]]).replace("–", "not a number"))],
      ["Prediction for this image", ...both((moment) => names[moment.guesses[place]])],
    ];
    const layerNames = [...new Set(moments.flatMap((moment) => moment.layers.map((layer) => layer.name)))];
    for (const name of layerNames) {
      const layers = moments.map((moment) => moment.layers.find((layer) => layer.name === name));
      rows.push([`Change of ${name} per step`, ...layers.map((layer) => (layer?.update_ratio == null ? "–" : `${Number((100 * layer.update_ratio).toPrecision(2))}%`))]);
      rows.push([`Dead units in ${name}`, ...layers.map((layer) => (layer ? this.shared.percent(layer.dead) : "–"))]);
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
  const shared = await import(new URL(data.shared, document.baseURI).href);
  const root = parentElement.querySelector(".pair");
  if (!root) return;
  let held = pairs.get(parentElement);
  if (!held) pairs.set(parentElement, (held = new Pair(root, { common, shared, network, send: setTriggerValue })));
  held.wanted = data;
  const films = await Promise.all(data.sides.map((side) => shared.fetchFilm(side.address)));
  if (held.wanted === data) held.take(films, data);
}

export function forget(parentElement) {
  pairs.get(parentElement)?.end();
  pairs.delete(parentElement);
}
