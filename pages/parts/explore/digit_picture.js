// Draws one digit with a thin line between its pixels, and shows the value under the pointer or the arrow keys.
const SIDE = 28;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const pictures = new WeakMap();

export default function ({ data: [data], parentElement }) {
  const canvas = parentElement.querySelector("canvas");
  let picture = pictures.get(canvas);
  if (!picture) pictures.set(canvas, (picture = begin(canvas, parentElement.querySelector(".said"))));
  canvas.setAttribute("aria-label", `${data.alt}. Arrow keys read its pixels.`);
  if (picture.shown === data.ink) return;
  picture.shown = data.ink;
  picture.ink = Uint8Array.from(atob(data.ink), (letter) => letter.charCodeAt(0));
  picture.at = null;
  paint(picture);
}

function begin(canvas, said) {
  const picture = { canvas, said, ink: new Uint8Array(SIDE * SIDE), at: null, shown: "" };
  const look = (x, y) => {
    picture.at = [x, y].map((place) => Math.min(SIDE - 1, Math.max(0, place)));
    paint(picture);
  };
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    look(...[(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((part) => Math.floor(part * SIDE)));
  };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  for (const end of ["pointerleave", "blur"]) canvas.addEventListener(end, () => {
    picture.at = null;
    paint(picture);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const [x, y] = picture.at ?? [SIDE / 2, SIDE / 2];
    look(x + step[0], y + step[1]);
  });
  new ResizeObserver(() => paint(picture)).observe(canvas.parentElement);
  return picture;
}

function paint({ canvas, said, ink, at }) {
  // Each pixel covers a whole number of screen pixels, so that all lines are equally thin.
  const cell = Math.max(4, Math.floor((canvas.parentElement.clientWidth * devicePixelRatio) / SIDE));
  canvas.width = canvas.height = cell * SIDE;
  canvas.style.width = canvas.style.height = `${(cell * SIDE) / devicePixelRatio}px`;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#303030"; // the lines between the pixels
  pen.fillRect(0, 0, canvas.width, canvas.height);
  ink.forEach((value, place) => {
    pen.fillStyle = `rgb(${value},${value},${value})`;
    pen.fillRect((place % SIDE) * cell, Math.floor(place / SIDE) * cell, cell - 1, cell - 1);
  });
  if (!at) return (said.textContent = "Point at a pixel to see its value.");
  const [x, y] = at;
  pen.strokeStyle = "#ff9d2e";
  pen.lineWidth = 2;
  pen.strokeRect(x * cell - 1, y * cell - 1, cell + 1, cell + 1);
  said.textContent = `Row ${y}, column ${x}: ${ink[y * SIDE + x]}`;
}
