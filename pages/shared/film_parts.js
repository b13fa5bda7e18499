// What the film of one run (Train) and the two films beside each other (Compare) share: the bar with Play, the two charts,
// the digits that run through the networks, and the files of films.

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const DIGITS = 25;

export const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(2)}%`);

// A typed array from Base64.
export const whole = (text, kind) => new kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

// A canvas as sharp as the screen, and its pen; null while it is not shown.
export function sharp(canvas, height) {
  const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
  if (!width) return null;
  canvas.style.height = `${height}px`;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

// One image of a sheet: `across` images in a row, `count` in all.
export function tile(place, sheet, across, count) {
  const made = document.createElement("i"), down = Math.ceil(count / across), at = (n, of) => (of > 1 ? `${(100 * n) / (of - 1)}%` : "0");
  made.style.cssText = `background-image: url("${new URL(sheet, document.baseURI).href}"); background-size: ${100 * across}% ${100 * down}%; background-position: ${at(place % across, across)} ${at(Math.floor(place / across), down)}`;
  return made;
}

// Who plays a film sees its network, which may be below the edge of a small screen.
function reveal(root) {
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  root.querySelector(".living canvas")?.scrollIntoView({ block: "nearest", behavior });
}

// The bar of a film. film: `root`, `position`, `last`, `go(position)` and `playName`, what the button says while the film stands
// still. perSecond: positions a second at normal speed. `speed`, the choice of another speed, may be missing.
export function playBar({ play, slider, speed }, film, perSecond) {
  let frame = 0, playing = false;
  const name = () => (play.textContent = playing ? "Pause" : film.playName);
  const set = (value) => { playing = value; name(); };
  const pause = () => { cancelAnimationFrame(frame); set(false); };
  // Plays up to the position `end`; `pace` says at each frame how many positions a second.
  const run = (end, pace) => {
    let before = performance.now(), due = 0;
    set(true);
    const tick = (now) => {
      if (!playing) return;
      due += ((now - before) / 1000) * pace();
      before = now;
      if (due >= 1) {
        film.go(Math.min(end, film.position + Math.floor(due)));
        due %= 1;
      }
      if (film.position >= end) return pause();
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
  };
  for (const value of SPEEDS) speed?.append(new Option(`${value}×`, value, value === 1, value === 1));
  play.onclick = () => {
    if (playing) return pause();
    if (film.position >= film.last) film.go(0);
    reveal(film.root);
    run(film.last, () => perSecond * Number(speed?.value ?? 1));
  };
  slider.oninput = () => { pause(); film.go(Number(slider.value)); };
  // What the bar shows at a position; `text` is for screen readers.
  const show = (position, text) => {
    slider.max = film.last;
    slider.value = position;
    slider.setAttribute("aria-valuetext", text);
    name();
  };
  return { run, pause, show };
}

// A loss beside its axis, where there is space for six characters: a diverged run has a loss of 600,000.
export const lossMark = (value) => (value < 1000 ? value.toFixed(1) : value.toExponential(1).replace("+", ""));

// Loss and accuracy beside each other up to the present position. charts: [{title, most, written, lines}]; a line has a
// colour, its points [[position, value or null], …], and perhaps a dash, and a name with its distance from the title.
export function drawCharts(canvas, height, { position, last }, colours, charts) {
  const made = sharp(canvas, height);
  if (!made) return;
  const { pen, width } = made, half = width / 2, top = 22, high = height - 40, wide = half - 66;
  charts.forEach(({ title, most, written, lines }, place) => {
    const left = place * (half + 6);
    const x = (at) => left + 44 + (wide * at) / Math.max(1, last), y = (value) => top + high * (1 - Math.min(most, value) / most);
    const rule = (...ends) => { pen.beginPath(); pen.moveTo(...ends[0]); pen.lineTo(...ends[1]); pen.stroke(); };
    pen.font = `600 12px ${colours.font}`;
    pen.textAlign = "left";
    pen.fillStyle = colours.text;
    pen.fillText(title, left, 11);
    pen.font = `11px ${colours.font}`;
    pen.textAlign = "right";
    pen.lineWidth = 1;
    pen.strokeStyle = colours.line;
    for (const share of [0, 0.5, 1]) {
      pen.globalAlpha = 0.75;
      pen.fillText(written(most * share), left + 38, y(most * share) + 4);
      pen.globalAlpha = 1;
      rule([x(0), y(most * share)], [x(last), y(most * share)]);
    }
    for (const { colour, points, dash = [], name, after } of lines) {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = 2;
      if (name) { pen.textAlign = "left"; pen.fillText(name, left + after, 11); }
      pen.setLineDash(dash);
      pen.beginPath();
      points.filter(([, value]) => value !== null).forEach(([at, value], i) => (i ? pen.lineTo(x(at), y(value)) : pen.moveTo(x(at), y(value))));
      pen.stroke();
      pen.setLineDash([]);
      const [at, value] = points.at(-1);
      if (value !== null) { pen.beginPath(); pen.arc(x(at), y(value), 4, 0, 7); pen.fill(); }
    }
    pen.strokeStyle = colours.primary;
    pen.globalAlpha = 0.5;
    rule([x(position), top], [x(position), top + high]);
    pen.globalAlpha = 1;
  });
}

// The first images as buttons with the answers of one or two networks; a click chooses the image that runs through them.
// place: the chosen image; choosable: how many can be chosen. guesses, words: the answers for an image, and in words.
export function drawDigits(box, { sheet, across, labels, names, colours }, { place, choosable }, guesses, words, choose) {
  const count = Math.min(DIGITS, labels.length);
  if (box.children.length !== count) {
    box.replaceChildren(...labels.slice(0, count).map((_, at) => {
      const made = document.createElement("button");
      made.type = "button";
      made.append(tile(at, sheet, across, labels.length), ...guesses(at).map(() => document.createElement("span")));
      made.onclick = () => choose(at);
      return made;
    }));
  }
  [...box.children].forEach((button, at) => {
    button.disabled = at >= choosable;
    button.setAttribute("aria-pressed", String(at === place));
    button.setAttribute("aria-label", `a ${names[labels[at]]}, ${words(at)}`);
    button.title = `label ${names[labels[at]]}, ${words(at)}`;
    guesses(at).forEach((guess, i) => {
      const mark = button.children[i + 1], right = guess === labels[at];
      mark.textContent = `${right ? "✓" : "✗"} ${names[guess]}`;
      mark.style.setProperty("--mark", right ? colours.right : colours.wrong);
    });
  });
}

const films = new Map();

// The film at an address, fetched once; at most six are kept.
export function fetchFilm(address) {
  if (!films.has(address)) {
    if (films.size > 5) films.clear();
    films.set(address, fetch(new URL(address, document.baseURI)).then((answer) => answer.json()));
    films.get(address).catch(() => films.delete(address)); // the next call tries once more
  }
  return films.get(address);
}
