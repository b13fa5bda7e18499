// A 28×28 grid to draw on with the keyboard: the arrow keys move, Space sets or clears a pixel, and Shift with an arrow
// key draws. Mouse and finger set pixels too.
const grids = new WeakMap();
const SIDE = 28;
const CELL = 10;

export default function (component) {
  const { parentElement, data: [data], setStateValue } = component;
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = start(parentElement);
    grids.set(parentElement, grid);
  }
  grid.send = (pixels) => setStateValue("pixels", { rev: data.rev, ink: pixels });
  if (grid.rev !== data.rev) {
    grid.rev = data.rev;
    grid.ink = data.ink ? Uint8Array.from(atob(data.ink), (c) => c.charCodeAt(0)) : new Uint8Array(SIDE * SIDE);
    paint(grid);
  }
}

function start(parent) {
  const canvas = parent.querySelector("canvas");
  const said = parent.querySelector(".said");
  const grid = { canvas, said, x: 14, y: 6, ink: new Uint8Array(SIDE * SIDE), rev: -1, timer: 0 };
  canvas.addEventListener("keydown", (event) => keyed(grid, event));
  canvas.addEventListener("focus", () => paint(grid));
  canvas.addEventListener("blur", () => paint(grid));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointed(grid, event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && pointed(grid, event));
  return grid;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keyed(grid, event) {
  const step = STEPS[event.key];
  if (step) {
    grid.x = Math.min(SIDE - 1, Math.max(0, grid.x + step[0]));
    grid.y = Math.min(SIDE - 1, Math.max(0, grid.y + step[1]));
    if (event.shiftKey) set(grid, grid.x, grid.y, 255);
  } else if (event.key === " " || event.key === "Enter") {
    set(grid, grid.x, grid.y, grid.ink[grid.y * SIDE + grid.x] ? 0 : 255);
  } else return;
  event.preventDefault();
  const inked = grid.ink[grid.y * SIDE + grid.x] ? "ink" : "paper";
  grid.said.textContent = `Row ${grid.y + 1}, column ${grid.x + 1}: ${inked}`;
  paint(grid);
}

function pointed(grid, event) {
  const box = grid.canvas.getBoundingClientRect();
  grid.x = Math.min(SIDE - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * SIDE)));
  grid.y = Math.min(SIDE - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * SIDE)));
  set(grid, grid.x, grid.y, 255);
  paint(grid);
}

function set(grid, x, y, value) {
  grid.ink[y * SIDE + x] = value;
  clearTimeout(grid.timer);
  grid.timer = setTimeout(() => grid.send(btoa(String.fromCharCode(...grid.ink))), 150);
}

function paint(grid) {
  const pen = grid.canvas.getContext("2d");
  for (let at = 0; at < SIDE * SIDE; at++) {
    const value = grid.ink[at];
    pen.fillStyle = `rgb(${value},${value},${value})`;
    pen.fillRect((at % SIDE) * CELL, Math.floor(at / SIDE) * CELL, CELL, CELL);
  }
  if (grid.canvas.getRootNode().activeElement === grid.canvas) {
    pen.strokeStyle = "#ffb000";
    pen.lineWidth = 2;
    pen.strokeRect(grid.x * CELL + 1, grid.y * CELL + 1, CELL - 2, CELL - 2);
  }
}
