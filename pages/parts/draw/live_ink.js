// While the pen is down: reads the canvas, sends it small and grey, and shows the ten probabilities that come back.
// At most two messages wait for an answer, and the next is not sent before the server's interval has passed.
const SIDE = 56;
const MAX_WAITING = 2; // messages without an answer
const LOST = 2000; // ms without an answer, after which the next message is sent all the same
const LONGEST_WAIT = 4000; // ms after the stroke in which the final answer should arrive
const views = new WeakMap();

export default function (component) {
  const { parentElement, data: [data], setStateValue } = component;
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = start(parentElement)));
  view.set = setStateValue;
  view.receive(data);
}

export function forget(parent) {
  views.get(parent)?.stop();
  views.delete(parent);
}

function start(parent) {
  const panel = parent.querySelector(".live-ink");
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const context = small.getContext("2d", { willReadFrequently: true });
  const view = { seq: 0, answered: 0, readAt: new Map(), sentAt: -Infinity, timer: 0, down: null, moved: false, data: {}, final: null, hide: 0 };
  const session = Math.floor(Math.random() * 1e9);

  const box = () => document.querySelector(`.st-key-${view.data.canvas}-canvas`);
  const answerHidden = (hidden) => {
    panel.hidden = !hidden;
    document.querySelector(".st-key-answer")?.style.setProperty("visibility", hidden ? "hidden" : "");
  };
  const end = () => {
    clearTimeout(view.hide);
    view.hide = 0;
    if (!view.down) answerHidden(false);
  };
  const send = () => {
    clearTimeout(view.timer);
    view.timer = 0;
    if (!view.down || !view.moved) return;
    const now = performance.now();
    const due = Math.max(view.sentAt + view.data.interval, view.seq - view.answered >= MAX_WAITING ? view.sentAt + LOST : 0);
    if (now < due) {
      view.timer = setTimeout(send, due - now);
      return;
    }
    const pixels = read(view.down, context);
    if (!pixels) return;
    view.moved = false;
    view.sentAt = now;
    view.readAt.set(++view.seq, now);
    view.set("ink", { session, seq: view.seq, side: SIDE, pixels });
  };
  const down = (event) => {
    const path = event.composedPath();
    const surface = path.find((node) => node.tagName === "CANVAS");
    if (!surface || event.button || !path.includes(box())) return;
    view.down = [...surface.parentNode.querySelectorAll("canvas")].sort((a, b) => a.className.includes("upper") - b.className.includes("upper"));
    clearTimeout(view.hide);
    view.hide = 0;
    view.answered = view.seq; // of an earlier stroke: too late
    view.readAt.clear();
    move();
  };
  const move = () => {
    if (!view.down) return;
    view.moved = true;
    if (!view.timer) view.timer = setTimeout(send, 0);
  };
  const up = () => {
    if (!view.down) return;
    clearTimeout(view.timer);
    view.timer = 0;
    view.down = null;
    view.final = view.data.final;
    view.hide = setTimeout(end, LONGEST_WAIT);
  };
  view.receive = (data) => {
    const before = view.data;
    view.data = data;
    if (data.session === session && view.readAt.has(data.seq)) {
      view.answered = data.seq;
      const readAt = view.readAt.get(data.seq);
      for (const seq of view.readAt.keys()) if (seq <= data.seq) view.readAt.delete(seq);
      if (view.down && data.shares) {
        draw(panel, data);
        answerHidden(true);
        panel.dataset.read = readAt;
      }
      if (data.skipped) view.moved = true; // it came too soon: the pen may stand still now, so it is sent again
      send();
    }
    if (!view.down && view.hide && data.final !== view.final && before.final !== data.final) setTimeout(end, 50);
  };
  const events = [["pointerdown", down], ["pointermove", move], ["pointerup", up], ["pointercancel", up]];
  for (const [name, listener] of events) document.addEventListener(name, listener, { capture: true, passive: true });
  view.stop = () => {
    for (const [name, listener] of events) document.removeEventListener(name, listener, { capture: true });
    clearTimeout(view.timer);
    view.down = null;
    end();
  };
  return view;
}

function read(canvases, context) {
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  try {
    for (const canvas of canvases) context.drawImage(canvas, 0, 0, SIDE, SIDE);
    const colours = context.getImageData(0, 0, SIDE, SIDE).data;
    let text = "";
    for (let at = 0; at < colours.length; at += 4) text += String.fromCharCode(colours[at]);
    return btoa(text);
  } catch {
    return null; // the canvas left the page, or its pixels may not be read: the answer after the stroke is enough
  }
}

function draw(panel, { shares, names }) {
  const best = shares.indexOf(Math.max(...shares));
  panel.querySelector(".live-ink-answer").textContent = `${names[best]}, so far`;
  panel.querySelectorAll(".live-ink-row").forEach((row, digit) => {
    row.classList.toggle("best", digit === best);
    row.firstElementChild.textContent = names[digit];
    row.querySelector(".bar").style.width = `${100 * shares[digit]}%`;
    row.querySelector(".share").textContent = `${(100 * shares[digit]).toFixed(1)}%`;
  });
}
