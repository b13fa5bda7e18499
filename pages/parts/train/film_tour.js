// The first tour of a film: captions from the run's own moments. It moves the film's clock and points at its parts.

const YEAR = 365 * 24 * 3600; // seconds
const OFFER = -1, CLOSED = null;

export class Tour {
  constructor(film) {
    const find = (name) => film.root.querySelector(name);
    Object.assign(this, { film, at: CLOSED, stops: [], box: find(".film-tour"), again: find(".film-again"), words: find(".film-tour-words"), pointed: [] });
    this.buttons = Object.fromEntries(["skip", "back", "next"].map((name) => [name, find(`.film-tour-${name}`)]));
    this.buttons.skip.onclick = () => this.close();
    this.buttons.back.onclick = () => this.go(this.at - 1);
    this.buttons.next.onclick = () => this.next();
    this.again.onclick = () => this.go(0);
    film.root.addEventListener("keydown", (event) => this.key(event));
  }

  // A new film begins with the offer, which moves nothing, unless the visitor has closed the tour before.
  take(stops, data, fresh) {
    Object.assign(this, { stops: stops ?? [], data });
    if (!this.stops.length) this.at = CLOSED;
    else if (fresh && data.tour === "open") return this.go(0);
    else if (fresh) this.at = data.tour ? OFFER : CLOSED;
    this.show();
  }

  key(event) {
    if (this.at === CLOSED || event.target.closest("canvas, input, select")) return;
    const moves = { Escape: () => this.close(), ArrowRight: () => this.next(), ArrowLeft: () => this.at > 0 && this.go(this.at - 1) };
    if (!moves[event.key] || (event.key !== "Escape" && !this.box.contains(event.target))) return;
    event.preventDefault();
    moves[event.key]();
  }

  next() {
    if (this.at < this.stops.length - 1) this.go(this.at + 1);
    else this.close();
  }

  go(at) {
    this.at = at;
    const stop = this.stops[at];
    this.film.pick(stop.image);
    this.film.glide(stop.position);
    this.show();
    this.words.focus({ preventScroll: true });
    this.pointed[0]?.scrollIntoView({ block: "nearest", behavior: this.film.still() ? "auto" : "smooth" });
  }

  // The offer is below the network and its bar. A caption is above all that it can point at, and stays in sight there.
  place(stop) {
    const { box, film } = this, before = stop ? null : film.parts.bar;
    if (box.previousElementSibling === before && box.parentNode === (before?.parentNode ?? film.root)) return;
    if (before) before.after(box);
    else film.root.prepend(box);
  }

  show() {
    const { at, stops, box, buttons, film } = this, stop = stops[at], open = at !== CLOSED;
    this.place(stop);
    box.hidden = !open;
    this.again.hidden = Boolean(stop) || !stops.length;
    for (const part of this.pointed) part.classList.remove("film-pointed");
    this.pointed = [];
    if (!open) return delete box.dataset.stop;
    const [title, text, look, number] = ["b", "p", ".film-tour-look", ".film-tour-buttons span"].map((name) => box.querySelector(name));
    title.textContent = stop ? stop.title : `New here? ${stops.length} captions show how this network learned.`;
    text.textContent = stop ? stop.text : "";
    look.textContent = stop ? stop.look : "";
    number.textContent = stop ? `${at + 1} of ${stops.length}` : "";
    buttons.back.hidden = !stop;
    buttons.back.disabled = at <= 0;
    buttons.next.textContent = stop ? (at < stops.length - 1 ? "Next" : "Finish") : "Start the tour";
    box.dataset.stop = at;
    this.picture(stop?.image ?? null);
    if (!stop) return;
    const part = film.root.querySelector(stop.part === "living" ? ".living canvas" : `.film-${stop.part}`);
    this.pointed = [part, stop.part === "digits" ? film.parts.digits.children[stop.image] : null].filter(Boolean);
    for (const each of this.pointed) each.classList.add("film-pointed");
  }

  picture(image) {
    const tile = this.box.querySelector("i"), { sheet, across, labels } = this.film.context;
    tile.hidden = image === null;
    if (image !== null) tile.style.cssText = this.film.shared.tile(image, sheet, across, labels.length).style.cssText;
  }

  close() {
    this.at = CLOSED;
    this.film.pick(null);
    this.show();
    this.again.focus();
    document.cookie = `${this.data.tour_cookie}=closed; max-age=${YEAR}; path=/; samesite=lax`;
    if (this.data.tour) this.film.send("tour", "closed");
  }
}
