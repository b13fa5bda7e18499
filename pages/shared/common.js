// Shared by the scripts of several components: Plotly and its settings, numbers in a message, visibility, received items,
// sharp canvases, images of a sheet, and playing.

let loading;

// Plotly, read once; `address` as Python names it.
export const plotly = (address) =>
  (loading ??= window.Plotly
    ? Promise.resolve(window.Plotly)
    : new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = new URL(address, document.baseURI).href;
        script.onload = () => done(window.Plotly);
        script.onerror = failed;
        document.head.appendChild(script);
      }));

// Settings of every chart. `buttons`: whether a mouse over the chart shows Plotly's buttons. "Share chart…" is never among
// them: it would upload the chart to Plotly Cloud.
export const plotSettings = (buttons) => ({
  displaylogo: false, responsive: true, plotlyServerURL: "",
  displayModeBar: buttons && matchMedia("(hover: hover)").matches ? "hover" : false,
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
});

// Plotly's buttons are for the mouse: the Tab key skips them, and screen readers read the chart's description instead.
export function skipButtons(root) {
  for (const button of root.querySelectorAll(".modebar-btn, .modebar [tabindex]")) button.tabIndex = -1;
  root.querySelector(".modebar-container")?.setAttribute("aria-hidden", "true");
}

export const numbers = (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
};

// Draws before the next frame, and only what is in sight: a hidden tab has no frames, and what is below the window
// waits until it comes near. Call `ask` when something has changed and `end` when the element is gone.
export function painter(root, draw) {
  let away = true, stale = false, asked = 0; // nothing is in sight until the browser has said so
  const ask = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      stale = away;
      if (!stale) draw();
    });
  };
  const sight = new IntersectionObserver((changes) => { // a busy browser reports several at once: the last one holds
    away = !changes.at(-1).isIntersecting;
    if (stale && !away) ask();
  }, { rootMargin: "150px" });
  sight.observe(root);
  return { ask, end: () => { sight.disconnect(); cancelAnimationFrame(asked); } };
}

// Takes the items of a message of `held.changes` into `held`. Returns whether anything is new; where an earlier message
// never came, it says so with `lost`, and all is sent once more.
export function take(held, message, lost) {
  if (held.revision === message.revision) return false;
  if (message.before && held.revision !== message.before) {
    lost(message.revision);
    return false;
  }
  if (!message.before) held.items = {};
  Object.assign(held.items, message.items);
  held.revision = message.revision;
  return true;
}

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

// Plays positions one after another. at: the present one; go: shows one; changed: it has begun or stopped.
export function player({ at, go, changed }) {
  let frame = 0, playing = false;
  const set = (value) => { playing = value; changed(value); };
  const pause = () => { cancelAnimationFrame(frame); set(false); };
  // perSecond: how many positions a second, asked at each frame.
  const run = (end, perSecond) => {
    let before = performance.now(), due = 0;
    set(true);
    const tick = (now) => {
      if (!playing) return;
      due += ((now - before) / 1000) * perSecond();
      before = now;
      if (due >= 1) {
        go(Math.min(end, at() + Math.floor(due)));
        due %= 1;
      }
      if (at() >= end) return pause();
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
  };
  return { run, pause, playing: () => playing };
}

const films = new Map();

// The film at an address, fetched once; only the newest few are kept.
export function film(address) {
  if (!films.has(address)) {
    if (films.size > 5) films.clear();
    films.set(address, fetch(new URL(address, document.baseURI)).then((answer) => answer.json()));
    films.get(address).catch(() => films.delete(address)); // the next call tries once more
  }
  return films.get(address);
}
