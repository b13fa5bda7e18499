// Draws a network for one image on a canvas: image, layers, ten probabilities, and the strongest connections.
// Below it stand the numbers of the chosen unit, and all numbers once more as a table.

const views = new WeakMap();
const NARROW = 560; // pixels: below this width fewer units are drawn
const SIDE = 28;
const MAX_CONNECTIONS = 6; // lines into a unit that stand below its largest products

const bytes = (text, kind) => new kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not kept";
  const size = Math.abs(value);
  return (size !== 0 && size < 0.001 ? value.toExponential(2) : value.toFixed(size < 10 ? 3 : 2)).replace("-", "−");
}
const percent = (share) => `${(100 * share).toFixed(2)}%`;

// The colours of the visitor's theme, and the one red and the one blue of all pages.
export function theme(root, colours) {
  const style = getComputedStyle(root);
  const of = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const ground = of("--st-background-color", "#ffffff");
  const parts = ground.match(/[0-9a-f]{2}/gi)?.map((part) => parseInt(part, 16)) ?? [255, 255, 255];
  const dark = parts[0] + parts[1] + parts[2] < 384;
  return { ground, text: of("--st-text-color", "#333"), line: of("--st-border-color", "#ccc"), font: of("--st-font", "sans-serif"),
    primary: of("--st-primary-color", "#4f46e5"), dark, neutral: dark ? [24, 27, 36] : [246, 247, 250],
    positive: colours.positive, negative: colours.negative, right: colours.right, wrong: colours.wrong };
}

const mixed = (share, colour, neutral) => neutral.map((part, i) => Math.round(share * colour[i] + (1 - share) * part));
const css = (colour, alpha = 1) => `rgba(${colour[0]},${colour[1]},${colour[2]},${alpha})`;

function painted(width, height, fill) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), data = context.createImageData(width, height);
  fill(data.data);
  context.putImageData(data, 0, 0);
  return canvas;
}

// The pictures of a layer side by side: weights or feature maps, red above zero and blue below.
function strip(pictures, colours) {
  const [height, width] = pictures.side, values = bytes(pictures.data, Int8Array), count = values.length / (height * width);
  return painted(count * width, height, (out) => {
    for (let unit = 0; unit < count; unit++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const share = values[(unit * height + y) * width + x] / 127, at = 4 * (y * count * width + unit * width + x);
      const colour = mixed(Math.abs(share), share > 0 ? colours.positive : colours.negative, colours.neutral);
      out[at] = colour[0]; out[at + 1] = colour[1]; out[at + 2] = colour[2]; out[at + 3] = 255;
    }
  });
}

const digitPicture = (image) => painted(SIDE, SIDE, (out) => image.forEach((ink, i) => { out[4 * i] = out[4 * i + 1] = out[4 * i + 2] = ink; out[4 * i + 3] = 255; }));

// Where everything stands: {image, layers: [{cells: [{x, y, size}], head}], outputs: [{x, y, wide, high}]}.
export function arrange(frame, width, height) {
  const narrow = width < NARROW, head = narrow ? 30 : 36, hidden = frame.layers.slice(0, -1);
  const gap = hidden.length > 3 ? (narrow ? 10 : 30) : narrow ? 16 : clamp(width / 16, 30, 64);
  const imageSide = Math.min(narrow ? 66 : 132, height - head - 16, width * 0.2), outWide = narrow ? 74 : clamp(width * 0.19, 104, 160);
  const body = height - head - 6, free = width - 5 - imageSide - outWide - gap * (hidden.length + 1);
  const places = { narrow, image: { x: 0, y: head + (body - imageSide) / 2, side: imageSide }, layers: [], outputs: [] };
  let x = imageSide + gap;
  for (const layer of hidden) {
    const wide = free / hidden.length, least = narrow ? 18 : 20;
    let count = layer.units.length, best;
    for (;;) {
      best = { size: 0 };
      for (let columns = 1; columns <= 8; columns++) {
        const rows = Math.ceil(count / columns), size = Math.min(wide / columns, body / rows, 46);
        const fit = count % columns ? size * 0.85 : size; // a full last row looks better than a few pixels more
        if (fit > (best.fit ?? 0) + 0.5) best = { size, columns, rows, fit };
      }
      if (best.size >= least || count <= 4) break;
      count = count > 8 ? Math.ceil(count / 2) : count - 1;
    }
    const inner = best.size - (best.size > 24 ? 4 : 2), left = x + (wide - best.size * best.columns) / 2, top = head + (body - best.size * best.rows) / 2;
    const cells = Array.from({ length: count }, (_, i) => ({ x: left + (i % best.columns) * best.size, y: top + Math.floor(i / best.columns) * best.size, size: inner }));
    places.layers.push({ cells, x, wide });
    x += wide + gap;
  }
  const row = body / 10;
  for (let digit = 0; digit < 10; digit++) places.outputs.push({ x, y: head + digit * row + 2, wide: outWide, high: row - 4 });
  return places;
}

const shownName = (layer) => (layer.kind === "output" ? "output" : layer.name);

function endpoints(places, frame, position, [from, to]) {
  const last = position === frame.layers.length - 1;
  const target = last ? places.outputs[to] : places.layers[position].cells[to];
  if (!target) return null;
  const end = [target.x - 2, target.y + (last ? target.high : target.size) / 2];
  if (position > 0) {
    const source = places.layers[position - 1].cells[from];
    return source && [source.x + source.size, source.y + source.size / 2, ...end];
  }
  const { x, y, side } = places.image;
  if (from < 0) return [x + side, y + side / 2, ...end];
  return [x + (((from % SIDE) + 0.5) * side) / SIDE, y + ((Math.floor(from / SIDE) + 0.5) * side) / SIDE, ...end];
}

function drawEdges(context, frame, places, colours, chosen) {
  frame.layers.forEach((layer, position) => {
    const most = Math.max(1e-9, ...layer.edges.map((edge) => Math.abs(edge[2])));
    for (const edge of [...layer.edges].reverse()) {
      const line = endpoints(places, frame, position, edge);
      if (!line) continue;
      const touches = chosen && ((chosen.layer === position && chosen.unit === edge[1]) || (chosen.layer === position - 1 && chosen.unit === edge[0]));
      const share = Math.abs(edge[2]) / most, [x0, y0, x1, y1] = line, bend = Math.max(14, (x1 - x0) * 0.45);
      context.strokeStyle = css(edge[2] > 0 ? colours.positive : colours.negative, touches ? 0.95 : 0.12 + 0.5 * share);
      context.lineWidth = (touches ? 1.2 : 0.5) + 2.2 * share * (places.narrow ? 0.6 : 1);
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
      context.stroke();
    }
  });
}

function drawCell(context, layer, unit, cell, picture, most, colours) {
  const { x, y, size } = cell, share = clamp(Math.abs(layer.values[unit] ?? 0) / most, 0, 1);
  const colour = (layer.values[unit] ?? 0) < 0 ? colours.negative : colours.positive, radius = Math.min(5, size / 5);
  context.save();
  context.beginPath();
  context.roundRect(x, y, size, size, picture ? radius : size / 2);
  context.clip();
  if (picture) {
    const [high, wide] = layer.pictures.side;
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, unit * wide, 0, wide, high, x, y, size, size);
  } else {
    context.fillStyle = css(mixed(share, colour, colours.neutral));
    context.fillRect(x, y, size, size);
  }
  context.restore();
  context.beginPath();
  context.roundRect(x, y, size, size, picture ? radius : size / 2);
  context.lineWidth = picture && layer.kind === "dense" ? 1 + 1.6 * share : 1;
  context.strokeStyle = picture && layer.kind === "dense" ? css(mixed(share, colour, [150, 154, 166])) : css([150, 154, 166], 0.55);
  context.stroke();
  if (layer.off?.[unit] || layer.dead?.[unit]) {
    context.strokeStyle = colours.text;
    context.globalAlpha = layer.off?.[unit] ? 0.9 : 0.35;
    context.lineWidth = layer.off?.[unit] ? 2 : 1;
    context.beginPath();
    context.moveTo(x + 3, y + size - 3);
    context.lineTo(x + size - 3, y + 3);
    context.stroke();
    context.globalAlpha = 1;
  }
}

// A text that fits into `room` pixels.
function fitting(context, text, room) {
  let shown = text;
  while (shown.length > 1 && context.measureText(shown).width > room) shown = `${shown.replace("…", "").slice(0, -1)}…`;
  return shown;
}

function drawOutputs(context, frame, places, colours, { label, names }) {
  const layer = frame.layers.at(-1), best = layer.values.indexOf(Math.max(...layer.values));
  const long = names.some((name) => name.length > 1), size = places.narrow ? (long ? 9 : 12) : long ? 12 : 14;
  const named = !long ? 18 : places.narrow ? 34 : 68; // where the bars begin
  places.outputs.forEach(({ x, y, wide, high }, digit) => {
    const share = layer.values[digit], room = wide - named - 2 - (places.narrow ? (long ? 24 : 34) : 52);
    const tone = digit === best ? (label === null ? colours.primary : digit === label ? colours.right : colours.wrong) : css([130, 136, 150], 0.75);
    context.font = `${digit === best ? 700 : 500} ${size}px ${colours.font}`;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillStyle = colours.text;
    context.fillText(fitting(context, names[digit], named - 5), x + 2, y + high / 2);
    context.fillStyle = css([130, 136, 150], 0.16);
    context.beginPath();
    context.roundRect(x + named, y + high / 2 - 6, room, 12, 4);
    context.fill();
    context.fillStyle = tone;
    context.beginPath();
    context.roundRect(x + named, y + high / 2 - 6, Math.max(1.5, room * share), 12, 4);
    context.fill();
    context.fillStyle = colours.text;
    context.font = `${digit === best ? 600 : 400} ${places.narrow ? (long ? 9 : 10) : 12}px ${colours.font}`;
    context.textAlign = "right";
    context.globalAlpha = digit === best ? 1 : 0.7;
    context.fillText(share === null ? "NaN" : `${(100 * share).toFixed(places.narrow ? 0 : 1)}%`, x + wide, y + high / 2);
    context.globalAlpha = 1;
    if (digit === label) {
      context.strokeStyle = colours.text;
      context.globalAlpha = 0.5;
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(x - 3, y, wide + 5, high, 5);
      context.stroke();
      context.globalAlpha = 1;
    }
  });
}

function drawHeads(context, frame, places, colours) {
  context.fillStyle = colours.text;
  context.textBaseline = "alphabetic";
  const head = (x, wide, title, below, align = "center") => {
    const middle = align === "center" ? x + wide / 2 : x;
    context.textAlign = align;
    context.globalAlpha = 1;
    context.font = `600 ${places.narrow ? 11 : 13}px ${colours.font}`;
    context.fillText(title, middle, 12, wide + 20);
    context.globalAlpha = 0.65;
    context.font = `400 ${places.narrow ? 9.5 : 11.5}px ${colours.font}`;
    context.fillText(below, middle, places.narrow ? 24 : 27, wide + 24);
    context.globalAlpha = 1;
  };
  head(places.image.x, places.image.side, "image", "28 × 28", "left");
  places.layers.forEach(({ cells, x, wide }, position) => {
    const layer = frame.layers[position], what = `${layer.kind === "conv" ? "map" : "unit"}${layer.total === 1 ? "" : "s"}`;
    head(x, wide, layer.name, cells.length < layer.total ? (places.narrow ? `${cells.length} of ${layer.total}` : `${cells.length} of ${layer.total} ${what}`) : `${layer.total} ${what}`);
  });
  const last = places.outputs[0];
  head(last.x, last.wide, "output", "probabilities", "left");
}

// One network on one canvas, with its numbers below. `show` may be called as often as something changes.
export class Living {
  constructor(root, common) {
    this.root = root;
    this.common = common;
    this.canvas = root.querySelector("canvas");
    this.detail = root.querySelector(".living-detail");
    this.table = root.querySelector(".living-table");
    this.chosen = null;
    this.hovered = null;
    this.strips = new WeakMap();
    this.painter = common.painter(this.canvas, () => this.draw());
    this.sizes = new ResizeObserver(() => this.painter.ask());
    this.sizes.observe(this.canvas);
    this.canvas.onpointermove = (event) => event.pointerType === "mouse" && this.hover(this.at(event));
    this.canvas.onpointerleave = () => this.hover(null);
    this.canvas.onpointerdown = (event) => this.choose(this.at(event));
    this.canvas.onkeydown = (event) => this.step(event);
    root.querySelector("details").ontoggle = () => this.fillTable();
  }

  end() {
    this.painter.end();
    this.sizes.disconnect();
  }

  // frame: the network for one image. context: {colours, sheet, across, labels, label, names, alt, height, key, act}.
  show(frame, context) {
    if (this.key !== context.key) {
      this.key = context.key;
      this.chosen = this.hovered = null;
    }
    this.frame = frame;
    this.context = context;
    this.image = null;
    this.canvas.setAttribute("aria-label", context.alt);
    this.canvas.style.height = `${this.root.clientWidth < NARROW ? Math.max(context.height, 330) : context.height}px`;
    if (this.chosen && !(this.frame.layers[this.chosen.layer]?.units.length > this.chosen.unit)) this.chosen = null;
    this.painter.ask();
    this.write();
    this.fillTable();
  }

  draw() {
    const { canvas, frame, context } = this, ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !frame) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const colours = theme(this.root, context.colours), pen = canvas.getContext("2d");
    const places = (this.places = arrange(frame, width, height));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    drawHeads(pen, frame, places, colours);
    this.image ??= digitPicture(bytes(frame.image, Uint8Array));
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.image, places.image.x, places.image.y, places.image.side, places.image.side);
    const chosen = this.hovered ?? this.chosen;
    drawEdges(pen, frame, places, colours, chosen);
    places.layers.forEach(({ cells }, position) => {
      const layer = frame.layers[position], most = Math.max(1e-9, ...layer.values.map(Math.abs));
      const picture = layer.pictures && this.strip(layer, colours);
      cells.forEach((cell, unit) => drawCell(pen, layer, unit, cell, picture, most, colours));
    });
    drawOutputs(pen, frame, places, colours, context);
    this.ring(pen, chosen, colours);
    canvas.dataset.key = context.key;
    canvas.dataset.moment = context.moment ?? "";
  }

  strip(layer, colours) {
    const held = this.strips.get(layer);
    if (held?.dark === colours.dark) return held.canvas;
    const canvas = strip(layer.pictures, colours);
    this.strips.set(layer, { dark: colours.dark, canvas });
    return canvas;
  }

  place(chosen) {
    if (chosen.layer === this.frame.layers.length - 1) {
      const { x, y, wide, high } = this.places.outputs[chosen.unit];
      return { x: x - 3, y, wide: wide + 5, high };
    }
    const cell = this.places.layers[chosen.layer].cells[chosen.unit];
    return cell && { x: cell.x, y: cell.y, wide: cell.size, high: cell.size };
  }

  ring(pen, chosen, colours) {
    const place = chosen && this.place(chosen);
    if (!place) return;
    pen.strokeStyle = colours.primary;
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.roundRect(place.x - 2, place.y - 2, place.wide + 4, place.high + 4, 6);
    pen.stroke();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    if (!this.places) return null;
    const last = this.frame.layers.length - 1;
    for (let layer = 0; layer <= last; layer++) {
      const count = layer === last ? 10 : this.places.layers[layer].cells.length;
      for (let unit = 0; unit < count; unit++) {
        const place = this.place({ layer, unit });
        if (x >= place.x - 2 && x <= place.x + place.wide + 2 && y >= place.y - 2 && y <= place.y + place.high + 2) return { layer, unit };
      }
    }
    return null;
  }

  hover(found) {
    if (found?.layer === this.hovered?.layer && found?.unit === this.hovered?.unit) return;
    this.hovered = found;
    this.canvas.style.cursor = found ? "pointer" : "default";
    this.painter.ask();
    this.write();
  }

  choose(found) {
    this.chosen = found;
    this.painter.ask();
    this.write();
  }

  step(event) {
    const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    if (event.key === "Escape") return this.choose(null);
    if (!(event.key in moves)) return;
    event.preventDefault();
    if (!this.places) this.draw(); // a key may come before the drawing was in sight
    if (!this.places) return;
    const [sideways, down] = moves[event.key], now = this.current();
    this.hovered = null; // of a mouse that rests on the drawing
    const layer = clamp(now.layer + sideways, 0, this.frame.layers.length - 1);
    const count = layer === this.frame.layers.length - 1 ? 10 : this.places.layers[layer].cells.length;
    this.choose({ layer, unit: sideways ? clamp(now.unit, 0, count - 1) : (now.unit + down + count) % count });
  }

  // The unit whose numbers are written: the one under the mouse, the one chosen, or the digit that is most probable.
  current() {
    const last = this.frame.layers.length - 1, values = this.frame.layers[last].values;
    return this.hovered ?? this.chosen ?? { layer: last, unit: Math.max(0, values.indexOf(Math.max(...values))) };
  }

  write() {
    const { layer: position, unit } = this.current(), layer = this.frame.layers[position];
    const halve = this.context.act && ((source, what = "halve") => this.context.act({ layer: layer.name, unit: layer.units[unit], what, source }));
    const parts = [heading(layer, unit, this.context), sum(layer, unit), products(layer, unit, halve, halve && this.connections(position, unit))];
    if (layer.patches?.[unit]) parts.push(patch(layer.patches[unit], theme(this.root, this.context.colours), halve));
    if (halve && position === 0 && layer.kind === "dense" && layer.pictures) parts.push(this.pixels(layer, unit, halve));
    if (layer.exciting?.[unit]?.length) parts.push(this.exciting(layer.exciting[unit]));
    if (halve) parts.push(this.actions(layer, unit, halve, position === this.frame.layers.length - 1));
    // The same button keeps the keyboard: after a change it is made again.
    const held = this.detail.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    this.detail.replaceChildren(...parts.filter(Boolean));
    const names = [...this.detail.querySelectorAll("[data-name]")], find = (name) => names.find((each) => each.dataset.name === name && !each.hidden);
    if (held) (find(held) ?? find("halve"))?.focus({ preventScroll: true });
  }

  // The drawn lines into a unit that are not among its largest products: [name, weight or null, input or null, product, source, what].
  connections(position, unit) {
    const layer = this.frame.layers[position], before = this.frame.layers[position - 1];
    const shown = new Set((layer.terms?.[unit] ?? []).map((term) => term[3]));
    return layer.edges.filter(([, to]) => to === unit).flatMap(([from, , value]) => {
      if (layer.kind === "conv" || before?.kind === "conv")
        return [[from < 0 ? "the whole filter" : `all weights from map ${before.units[from]}`, null, null, value, from < 0 ? 0 : before.units[from], "halve input"]];
      const source = before ? before.units[from] : from;
      const input = before ? before.values[from] : bytes(this.frame.image, Uint8Array)[from] / 255;
      return shown.has(source) || !input ? [] : [[before ? `unit ${source}` : pixelName(source), value / input, input, value, source, "halve"]];
    }).slice(0, MAX_CONNECTIONS);
  }

  // The weights of a unit that looks at the image, large: choose one with the mouse or the arrow keys and halve it.
  pixels(layer, unit, halve) {
    const [high, wide] = layer.pictures.side, values = bytes(layer.pictures.data, Int8Array), box = element("div", "living-pixels");
    const canvas = element("canvas"), side = Math.round(140 / wide), said = element("span", "living-small"), button = this.button("Halve this weight", "halve-pixel", () => halve(this.pixel));
    canvas.width = wide * side;
    canvas.height = high * side;
    canvas.tabIndex = 0;
    canvas.dataset.name = "pixels";
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", "The weights of this unit. Arrow keys choose a pixel, Enter halves its weight.");
    const choose = (pixel) => {
      this.pixel = pixel;
      const pen = canvas.getContext("2d"), weight = (values[unit * high * wide + pixel] / 127) * layer.pictures.scale;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(this.strip(layer, theme(this.root, this.context.colours)), unit * wide, 0, wide, high, 0, 0, canvas.width, canvas.height);
      pen.strokeStyle = theme(this.root, this.context.colours).text;
      pen.lineWidth = 2;
      pen.strokeRect((pixel % wide) * side - 1, Math.floor(pixel / wide) * side - 1, side + 2, side + 2);
      said.textContent = `${pixelName(pixel)}: weight about ${number(weight)}`;
    };
    canvas.onpointerdown = (event) => choose(clamp(Math.floor((event.offsetY / canvas.clientHeight) * high), 0, high - 1) * wide + clamp(Math.floor((event.offsetX / canvas.clientWidth) * wide), 0, wide - 1));
    canvas.onkeydown = (event) => {
      const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide };
      if (event.key === "Enter") halve(this.pixel);
      else if (!(event.key in moves)) return;
      else choose((this.pixel + moves[event.key] + high * wide) % (high * wide));
      event.preventDefault();
    };
    box.append(element("span", "living-small", "Its weights: choose a pixel"), canvas, said, button);
    choose(this.pixel ?? layer.terms?.[unit]?.[0]?.[3] ?? 0);
    return box;
  }

  button(text, name, act) {
    const made = element("button", "", text);
    made.type = "button";
    made.dataset.name = name;
    made.onclick = act;
    return made;
  }

  exciting(places) {
    const { sheet, across, labels } = this.context, box = element("div", "living-exciting");
    box.append(element("span", "living-small", "Images that activate it most"));
    const down = Math.ceil(labels.length / across), at = (n, of) => (of > 1 ? `${(100 * n) / (of - 1)}%` : "0");
    for (const place of places) {
      const tile = element("i");
      tile.setAttribute("role", "img");
      tile.setAttribute("aria-label", `a ${labels[place]}`);
      tile.title = `a ${labels[place]}`;
      tile.style.cssText = `background-image: url("${new URL(sheet, document.baseURI).href}"); background-size: ${100 * across}% ${100 * down}%; background-position: ${at(place % across, across)} ${at(Math.floor(place / across), down)}`;
      box.append(tile);
    }
    return box;
  }

  actions(layer, unit, halve, last) {
    const box = element("div", "living-actions"), index = layer.units[unit], kind = layer.kind === "conv" ? "map" : "unit";
    box.append(this.button("Halve its largest weight", "halve", () => halve(-1)));
    if (last) return box;
    const all = (what) => this.context.act({ layer: layer.name, unit: -1, what });
    if (layer.all_off) box.append(this.button(`Switch all of ${layer.name} on`, "layer", () => all("on")));
    else {
      const off = layer.off?.[unit];
      box.prepend(this.button(off ? `Switch ${kind} ${index} on` : `Switch off ${kind} ${index}`, "unit", () => this.context.act({ layer: layer.name, unit: index, what: off ? "on" : "off" })));
      box.append(this.button(`Switch off all of ${layer.name}`, "layer", () => all("off")));
    }
    return box;
  }

  fillTable() {
    const details = this.root.querySelector("details");
    if (!details.open || !this.frame) return this.table.replaceChildren();
    const row = (cells, kind) => {
      const line = element("tr");
      line.append(...cells.map((text) => element(kind, "", text)));
      return line;
    };
    const body = [row(["Layer", "Unit", "Sum w·x + b", "Bias b", "Activation", "Dead"], "th")];
    for (const layer of this.frame.layers)
      layer.units.forEach((unit, i) => body.push(row([shownName(layer), layer.kind === "output" ? this.context.names[unit] : unit, number(layer.sums[i]), number(layer.biases[i]),
        layer.values[i] === null ? "NaN" : layer.kind === "output" ? percent(layer.values[i]) : number(layer.values[i]), layer.dead?.[i] ? "yes" : "no"], "td")));
    this.table.replaceChildren(...body);
  }
}

function element(name, kind = "", text = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== "") made.textContent = text;
  return made;
}

function heading(layer, unit, context) {
  const index = layer.units[unit], images = context.labels.length, digits = context.names.every((name, at) => name === String(at));
  const titles = { conv: `${layer.name} · map ${index} of ${layer.total}`, output: digits ? `output · digit ${index}` : `output · ${context.names[index]}` };
  const box = element("div", "living-title", titles[layer.kind] ?? `${layer.name} · unit ${index} of ${layer.total}`);
  if (layer.off?.[unit]) box.append(element("span", "living-flag", "switched off"));
  else if (layer.dead?.[unit]) box.append(element("span", "living-flag", `dead: 0 for all ${images} validation images`));
  return box;
}

function sum(layer, unit) {
  const total = layer.sums[unit], bias = layer.biases[unit], value = layer.values[unit], box = element("div", "living-sum");
  if (value === null) {
    box.append(element("span", "", "Its output is not a number (NaN): training has diverged."));
    return box;
  }
  const end = layer.kind === "output" ? `softmax → ${percent(value)}` : `${layer.normed ? "normalisation → " : ""}${layer.activation} → ${number(value)}`;
  const off = layer.off?.[unit] ? `${layer.activation}, switched off → 0` : end;
  if (total === null) {
    box.append(element("span", "", `Activation ${layer.kind === "output" ? percent(value) : number(value)}. This snapshot does not hold all inputs, so the sum is not shown.`));
    return box;
  }
  box.append(element("b", "", "w·x + b"), element("span", "", ` = ${number(total - bias)} ${bias < 0 ? "−" : "+"} ${number(Math.abs(bias))} = ${number(total)} → ${off}`));
  return box;
}

const pixelName = (pixel) => `pixel row ${Math.floor(pixel / SIDE)}, column ${pixel % SIDE}`;

// The largest products of a sum, and further drawn lines; with `halve`, each weight has a button that halves it.
function products(layer, unit, halve, connections) {
  const terms = (layer.terms?.[unit] ?? []).filter(([, weight, value]) => (weight && value) || halve);
  const lines = connections || [];
  if (!terms.length && !lines.length) return null;
  const box = element("div", halve ? "living-products breakable" : "living-products");
  const line = (source, weight, value, product, act, name) => {
    box.append(element("span", "", source), element("span", "num", weight === null ? "" : `${number(weight)} × ${number(value)}`), element("span", `num ${product > 0 ? "plus" : "minus"}`, number(product)));
    if (!halve) return;
    const made = element("button", "", "½");
    made.type = "button";
    made.hidden = !act;
    made.title = `Halve ${weight === null ? source : `the weight from ${source}`}`;
    made.setAttribute("aria-label", made.title);
    made.dataset.name = `halve:${name}`;
    made.onclick = act;
    box.append(made);
  };
  let rest = layer.sums[unit] === null ? null : layer.sums[unit] - layer.biases[unit];
  for (const [source, weight, value, index] of terms) {
    if (rest !== null) rest -= weight * value;
    line(source, weight, value, weight * value, halve && (() => halve(index)), index);
  }
  if (rest !== null && terms.length) line("all other inputs", null, null, rest, null);
  if (terms.length) box.prepend(element("span", "living-small wide", "Largest products, weight × input"));
  if (lines.length) box.append(element("span", "living-small wide", terms.length ? "Other lines into it" : "Lines into it"));
  for (const [source, weight, value, product, from, what] of lines) line(source, weight, value, product, () => halve(from, what), what === "halve" ? from : source);
  return box;
}

function patch({ channel, channels, row, column, filter, values }, colours, halve) {
  const side = Math.round(Math.sqrt(filter.length)), box = element("div", "living-patch");
  const grid = (title, numbers, act) => {
    const most = Math.max(1e-9, ...numbers.map(Math.abs)), made = element("div"), cells = element("div", "cells");
    cells.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
    numbers.forEach((value, place) => {
      const text = value.toFixed(2).replace("-", "−"), cell = element(act ? "button" : "span", "cell", text), share = Math.abs(value) / most;
      cell.style.background = css(mixed(share, value > 0 ? colours.positive : colours.negative, colours.neutral));
      cell.style.color = share > 0.55 || colours.dark ? "#fff" : "#1c1e26";
      if (act) {
        cell.type = "button";
        cell.dataset.name = `cell:${place}`;
        cell.title = `Halve the weight ${text} at row ${Math.floor(place / side)}, column ${place % side}`;
        cell.setAttribute("aria-label", cell.title);
        cell.onclick = () => act(place);
      }
      cells.append(cell);
    });
    made.append(element("span", "living-small", title), cells);
    return made;
  };
  const title = `Filter, input channel ${channel}${halve ? ": click a weight to halve it" : ""}`;
  box.append(grid(title, filter, halve && ((place) => halve(place * channels + channel))), element("span", "times", "×"), grid(`Its patch at row ${row}, column ${column}`, values));
  return box;
}

export default function ({ data: [data], parentElement, setTriggerValue }, common) {
  const root = parentElement.querySelector(".living");
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new Living(root, common)));
  root.querySelector(".living-caption").textContent = data.caption;
  view.show(data.frame, { ...data.context, act: data.can_break ? (change) => setTriggerValue("change", change) : null });
}

export function forget(parentElement) {
  views.get(parentElement)?.end();
  views.delete(parentElement);
}
