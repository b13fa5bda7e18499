// One PNG holds all digits; each cell shows its own piece of it, so 400 cost one image.
const grids = new WeakMap();

function sheet(grid, png) {
  // By a short address: 400 cells that each carry the picture in their style take half a second.
  const blob = new Blob([Uint8Array.from(atob(png), c => c.charCodeAt(0))], { type: 'image/png' });
  URL.revokeObjectURL(grid.dataset.sheet);
  grid.dataset.sheet = URL.createObjectURL(blob);
  grid.style.setProperty('--sheet', `url(${grid.dataset.sheet})`);
}

function build(grid, data) {
  sheet(grid, data.png);
  grid.replaceChildren(...data.captions.map((caption, i) => {
    const cell = document.createElement('button');
    cell.type = 'button';
    cell.setAttribute('role', 'option');
    cell.tabIndex = -1;
    cell.title = caption;
    cell.setAttribute('aria-label', [caption || `image ${i + 1}`, { '✓': 'right', '✗': 'wrong' }[data.marks[i]]].filter(Boolean).join(', '));
    const picture = document.createElement('span');
    picture.className = 'picture';
    const across = data.across, down = Math.ceil(data.captions.length / across);
    const at = (n, of) => of > 1 ? `${100 * n / (of - 1)}%` : '0';
    picture.style.cssText = `background-size: ${100 * across}% ${100 * down}%; `
      + `background-position: ${at(i % across, across)} ${at(Math.floor(i / across), down)}`;
    const text = document.createElement('span');
    text.className = 'caption';
    text.textContent = caption;
    cell.append(picture, text);
    if (data.marks[i]) {
      const mark = document.createElement('span');
      mark.className = `mark ${data.marks[i] === '✓' ? 'right' : 'wrong'}`;
      mark.textContent = data.marks[i];
      cell.append(mark);
    }
    return cell;
  }));
}

function select(grid, chosen) {
  const cells = [...grid.children];
  cells.forEach((cell, i) => { cell.ariaSelected = String(i === chosen); cell.tabIndex = -1; });
  const entry = cells[chosen] ?? cells[0];
  if (entry) entry.tabIndex = 0;  // one stop for the Tab key; the arrow keys move within the grid
}

function neighbour(grid, i, key) {
  const perRow = getComputedStyle(grid).gridTemplateColumns.split(' ').length;
  const last = grid.children.length - 1;
  return { ArrowRight: i + 1, ArrowLeft: i - 1, ArrowDown: i + perRow, ArrowUp: i - perRow, Home: 0, End: last }[key];
}

export default function ({ data: [data], parentElement, setStateValue }) {
  const grid = parentElement.querySelector('.grid');
  if (grids.get(grid) !== data.rev) {
    grids.set(grid, data.rev);
    build(grid, data);
  }
  grid.classList.toggle('flowing', !data.columns);
  grid.style.setProperty('--columns', data.columns ?? 1);
  grid.style.setProperty('--tile', `${data.tile}px`);
  grid.setAttribute('aria-label', data.alt);
  select(grid, data.chosen);
  grid.onclick = event => {
    const cell = event.target.closest('button');
    if (!cell) return;
    const chosen = [...grid.children].indexOf(cell);
    select(grid, chosen);
    setStateValue('chosen', { rev: data.rev, position: chosen, click: performance.now() });
    const shown = data.reveal && matchMedia('(max-width: 640px)').matches && document.querySelector(`.st-key-${data.reveal}`);
    shown?.scrollIntoView?.({ behavior: 'smooth' });
  };
  grid.onkeydown = event => {
    const cells = [...grid.children], i = cells.indexOf(event.target.closest('button'));
    const next = neighbour(grid, i, event.key);
    if (next === undefined) return;
    event.preventDefault();
    cells[Math.min(Math.max(next, 0), cells.length - 1)].focus();
  };
}
