// The recorded run on Start: the network from its first guess to the end, on one clock.

const films = new WeakMap();
const PER_SECOND = 1.5; // moments a second
const FIRST_LOOK = 1200; // milliseconds for the untrained network before the film begins by itself

class FirstFilm {
  constructor(root, { common, shared, network }) {
    Object.assign(this, { root, position: 0, playName: "Play" });
    const find = (name) => root.querySelector(`.first-film-${name}`);
    this.now = find("now");
    this.percent = shared.percent;
    this.living = new network.Living(root.querySelector(".living"), common);
    this.living.canvas.tabIndex = -1; // the numbers of a unit are on Train, not here
    this.bar = shared.playBar({ play: find("play"), slider: find("slider") }, this, PER_SECOND);
  }

  end() {
    clearTimeout(this.starting);
    this.bar.pause();
    this.living.end();
  }

  take({ moments }, { context, plays }) {
    const fresh = !this.moments;
    Object.assign(this, { moments, context, last: moments.length - 1 });
    const starts = plays && fresh && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.go(fresh && !starts ? this.last : this.position);
    if (starts) this.starting = setTimeout(() => this.position || this.bar.run(this.last, () => PER_SECOND), FIRST_LOOK);
  }

  go(position) {
    this.position = position;
    const { step, epoch, validation_accuracy: right, frame } = this.moments[position];
    const when = step ? `Step ${step.toLocaleString("en")} · epoch ${epoch.toFixed(2)}` : "Before training";
    this.now.textContent = `${when} · ${this.percent(right)} right`;
    this.bar.show(position, this.now.textContent);
    this.root.dataset.step = step;
    this.living.show(frame, { ...this.context, moment: step });
  }
}

export default async function ({ data: [data], parentElement }, common) {
  const network = await import(new URL(data.network, document.baseURI).href);
  const shared = await import(new URL(data.shared, document.baseURI).href);
  const film = await shared.fetchFilm(data.address);
  const root = parentElement.querySelector(".first-film");
  if (!root) return;
  let held = films.get(parentElement);
  if (!held) films.set(parentElement, (held = new FirstFilm(root, { common, shared, network })));
  held.take(film, data);
}

export function forget(parentElement) {
  films.get(parentElement)?.end();
  films.delete(parentElement);
}
