// Three things that the canvas component does not do itself:
// 1. It fits the canvas to its column, and on a laptop to the screen: the drawing keeps its own pixels and is only
//    shown larger or smaller.
// 2. It sends a stroke as soon as the pen is lifted. The component waits 200 ms, and a visitor who leaves the page
//    within that time loses the stroke.
// 3. It holds a click on a link until the page has received the last stroke, 1.5 s at most.
const frames = new WeakMap();
const SEND = 'button[aria-label^="Update the app"], button[title^="Update the app"]';
const LONGEST_WAIT = 1500; // ms
const BUTTONS = 72; // pixels of Clear and Undo, with the space around them

export default function (component) {
  const { parentElement, data: [data] } = component;
  let frame = frames.get(parentElement);
  if (!frame) {
    frame = start(parentElement, data);
    frames.set(parentElement, frame);
  }
  frame.data = data;
  frame.fit();
  return () => {
    if (parentElement.isConnected) return; // it stays: see `loader` in static_assets.py
    frame.stop();
    frames.delete(parentElement);
  };
}

function start(parent, data) {
  const root = parent.getRootNode();
  const box = (root.host ?? parent).closest(`.st-key-${data.key}-canvas`);
  const frame = { data, drawing: false, sent: 0, timer: 0 };
  frame.fit = () => {
    const { width, height, widest } = frame.data, room = box.clientWidth;
    if (room) box.style.setProperty("--fit", Math.min(widest / width, room / width, tallest(box, height)));
  };
  if (!box) return { fit() {}, stop() {} }; // the page has changed meanwhile
  const sizes = new ResizeObserver(frame.fit);
  sizes.observe(box);
  const inCanvas = (event) => event.composedPath().some((node) => node.tagName === "CANVAS") && event.composedPath().includes(box);
  const down = (event) => { if (inCanvas(event)) frame.drawing = true; };
  const up = () => {
    if (!frame.drawing) return;
    clearTimeout(frame.timer);
    frame.timer = setTimeout(() => { // after the component has added the stroke to the drawing
      frame.drawing = false;
      frame.sent = performance.now();
      findSend(box)?.click();
    }, 0);
  };
  const click = (event) => hold(frame, event);
  const events = [["pointerdown", down], ["mousedown", down], ["touchstart", down],
    ["pointerup", up], ["mouseup", up], ["touchend", up], ["click", click]];
  for (const [name, listener] of events) document.addEventListener(name, listener, { capture: true, passive: name !== "click" });
  frame.stop = () => {
    sizes.disconnect();
    for (const [name, listener] of events) document.removeEventListener(name, listener, { capture: true });
  };
  return frame;
}

// How much larger the canvas may be so that the buttons below it are on the screen, too; never smaller than it is.
function tallest(box, height) {
  if (matchMedia("(max-width: 640px)").matches) return Infinity; // a phone is high enough
  const top = box.getBoundingClientRect().top + (box.closest("[data-testid=stMain]")?.scrollTop ?? 0);
  return Math.max((innerHeight - top - BUTTONS) / height, 1);
}

function findSend(box) {
  for (const host of box.querySelectorAll("*")) {
    const found = host.shadowRoot?.querySelector(SEND);
    if (found) return found;
  }
  return box.querySelector(SEND);
}

function hold(frame, event) {
  const link = event.composedPath().find((node) => node.tagName === "A" && node.href);
  const pending = () => frame.drawing || running();
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!frame.drawing && performance.now() - frame.sent > LONGEST_WAIT) return;
  event.preventDefault();
  event.stopPropagation();
  const clicked = performance.now();
  const wait = () => {
    const passed = performance.now() - clicked;
    if (passed > LONGEST_WAIT || (passed > 100 && !pending())) {
      frame.drawing = false;
      frame.sent = -LONGEST_WAIT;
      link.click();
    } else setTimeout(wait, 40);
  };
  wait();
}

function running() {
  return document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
}
