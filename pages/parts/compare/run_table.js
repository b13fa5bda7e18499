// The table of runs: sorting, filtering and highlighting work here at once; Python gets only what changes something.
// A row under the mouse sends the event `digit-lab-run` to the charts, and is highlighted when a curve sends it.

const tables = new WeakMap();
const COLLATOR = new Intl.Collator(undefined, { numeric: true });
const MAX_WAIT = 3000; // milliseconds
const FIRST = 60, MORE = 200; // rows at first, and more with each scroll to the end
const MAX_END = 20; // characters of the last part of a title, with the dot before it
const escaped = (text) =>
  String(text ?? "").replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const pressed = (kind, on, sign, words) =>
  `<button type="button" class="${kind}" data-do="${kind}" aria-pressed="${on}" title="${words}" aria-label="${words}">${sign}</button>`;

// A title in two parts: the first may be cut. The last, such as a seed or a time, tells runs apart and is always there.
function titleParts(title) {
  const at = title.lastIndexOf(" · "), isShort = at > 0 && title.length - at <= MAX_END;
  const parts = isShort ? [title.slice(0, at), title.slice(at)] : [title];
  return parts.map((part) => `<span>${escaped(part)}</span>`).join("");
}

function nameCell(row, ticked) {
  const tick = `<input type="checkbox" data-do="choose" ${ticked ? "checked" : ""} aria-label="Show ${escaped(row.title)} in the charts">`;
  const own = row.fixed ? "" :
    pressed("star", row.starred, row.starred ? "★" : "☆", row.starred ? "Remove the star" : "Add a star") +
    pressed("pin", row.baseline, "⚑", row.baseline ? "Remove the baseline" : "Make this the baseline: the table shows the distance of the other runs to it") +
    (row.foreign ? "" : pressed("pencil", false, "✎", "Rename"));
  const pinned = row.baseline ? '<span class="pinned">baseline</span>' : "";
  return `<td><span class="name">${tick}<span class="swatch" style="--run:${row.colour}"></span>` +
    `<span class="title parts" title="${escaped(row.title)}">${titleParts(row.title)}</span>${pinned}${own}</span></td>`;
}

function cell(column, value) {
  const [text, , help] = value;
  const title = help ? ` title="${escaped(help)}"` : "";
  const kind = [column.number ? "number" : "", column.soft ? "soft" : ""].join(" ");
  return `<td class="${kind}"${title}>${escaped(text)}</td>`;
}

function noteCell(row) {
  const pencil = row.fixed || row.foreign ? "" : pressed("pencil note", false, "✎", "Write a note");
  return `<td><span class="name"><span class="title soft" title="${escaped(row.note)}">${escaped(row.note)}</span>${pencil}</span></td>`;
}

const line = (row, columns, ticked) =>
  `<tr data-run="${escaped(row.id)}" class="${ticked ? "chosen" : ""}">${nameCell(row, ticked)}` +
  columns.map((column, place) => cell(column, row.cells[place])).join("") + noteCell(row) + "</tr>";

// Whether a word of the filter occurs. A number must end there: "seed:1" does not find seed 12, "dropout:0" not 0.5.
function contains(text, word) {
  if (!/:.*\d$/.test(word)) return text.includes(word);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/[\d.e]/.test(text[at + word.length] ?? " ")) return true;
  return false;
}

// Whether a row passes the filter: each word must occur, "units:64" in exactly that knob.
function matches(row, common, words, state, starred) {
  if ((state && row.state !== state) || (starred && !row.starred)) return false;
  return words.every((word) => contains(row.words, word) || contains(common, word));
}

function ordered(table) {
  const { data, sort } = table;
  const words = table.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = data.rows.filter((row) => matches(row, data.common, words, table.state, table.starred));
  if (!sort) return rows;
  const place = data.columns.findIndex((column) => column.id === sort.by);
  const key = (row) => (sort.by === "name" ? row.title : sort.by === "note" ? row.note : row.cells[place]?.[1]);
  const way = sort.up ? 1 : -1;
  return rows.sort((a, b) => {
    const x = key(a), y = key(b);
    if (x === null || x === "" || y === null || y === "") return (x === null || x === "") - (y === null || y === ""); // missing values come last
    return way * (typeof x === "number" && typeof y === "number" ? x - y : COLLATOR.compare(x, y));
  });
}

function body(table) {
  const { data } = table, rows = ordered(table);
  table.root.querySelector(".marks").textContent = data.marks ?? "";
  table.root.querySelector(".count").textContent =
    `${rows.length === data.rows.length ? rows.length : `${rows.length} of ${data.rows.length}`} runs, ${table.chosen.size} in the charts`;
  if (!rows.length) return `<tr><td class="none" colspan="${data.columns.length + 2}">No run matches. Clear the filter.</td></tr>`;
  const visible = new Set(rows.slice(0, table.most)); // the others follow when one scrolls
  const one = (row) => line(row, data.columns, table.chosen.has(row.id));
  if (!data.groups.length) return [...visible].map(one).join("");
  return data.groups.map((title, number) => {
    const members = rows.filter((row) => row.group === number && visible.has(row));
    if (!members.length) return "";
    return `<tr class="group"><th colspan="${data.columns.length + 2}" scope="rowgroup"><span>${escaped(title)}</span></th></tr>` +
      members.map(one).join("");
  }).join("");
}

function head(table) {
  const { columns } = table.data, { sort } = table;
  const one = (id, label, help, number) => {
    const way = sort?.by === id ? (sort.up ? "ascending" : "descending") : "none";
    return `<th scope="col" aria-sort="${way}" class="${number ? "number" : ""}" title="${escaped(help ?? "")}"><button type="button" data-sort="${id}">${escaped(label)}</button></th>`;
  };
  return "<tr>" + one("name", "Run") + columns.map((c) => one(c.id, c.label, c.help, c.number)).join("") + one("note", "Note") + "</tr>";
}

function draw(table) {
  const { root, data } = table;
  const focused = root.getRootNode().activeElement;
  const at = focused?.closest?.("tr[data-run]")?.dataset.run, what = focused?.dataset?.do;
  const states = [...new Set(data.rows.map((row) => row.state))].sort();
  const select = root.querySelector("select");
  select.innerHTML = '<option value="">Any state</option>' + states.map((state) =>
    `<option ${state === table.state ? "selected" : ""}>${escaped(state)}</option>`).join("");
  root.querySelector("thead").innerHTML = head(table);
  const lines = body(table);
  if (lines === table.lines) return; // unchanged: do not lay out hundreds of rows again
  root.querySelector("tbody").innerHTML = table.lines = lines;
  if (at && what) root.querySelector(`tr[data-run="${CSS.escape(at)}"] [data-do="${CSS.escape(what)}"]`)?.focus();
}

// Turns a cell into a text field; Enter saves, Escape cancels.
function edit(table, button, row, what) {
  const holder = button.closest(".name"), input = document.createElement("input");
  input.value = what === "name" ? row.name || row.title : row.note;
  input.setAttribute("aria-label", what === "name" ? "Name of the run" : "Note");
  input.maxLength = table.data.longest[what];
  holder.replaceChildren(input);
  input.focus();
  input.select();
  table.editing = true;
  let open = true;
  const close = (keep) => {
    if (!open) return;
    open = table.editing = false;
    table.lines = ""; // the cell has changed
    const before = what === "name" ? row.name || row.title : row.note;
    if (keep && input.value.trim() !== before) {
      if (what === "name") { row.name = input.value.trim(); row.title = row.name || row.title; } else row.note = input.value.trim();
      table.send({ what, run: row.id, value: input.value.trim() });
    }
    draw(table);
  };
  input.onkeydown = (event) => {
    if (event.key === "Enter") close(true);
    if (event.key === "Escape") close(false);
    event.stopPropagation();
  };
  input.onblur = () => close(true);
}

// Ticks or unticks a run. Until Python has received it, older data from Python must not undo it: clicks can be faster.
function choose(table, run) {
  if (!table.chosen.delete(run)) table.chosen.add(run);
  const inOrder = table.data.rows.map((row) => row.id).filter((id) => table.chosen.has(id));
  table.sent = { runs: String(inOrder), at: performance.now() };
  table.send({ what: "choose", runs: inOrder });
}

function receiveTicks(table, runs) {
  const waits = table.sent && table.sent.runs !== String(runs) && performance.now() - table.sent.at < MAX_WAIT;
  if (waits) return;
  table.sent = null;
  table.chosen = new Set(runs);
}

function act(table, event) {
  const sorter = event.target.closest("[data-sort]");
  if (sorter) {
    const by = sorter.dataset.sort, number = table.data.columns.find((column) => column.id === by)?.number;
    table.sort = table.sort?.by === by ? { by, up: !table.sort.up } : { by, up: !number }; // numbers: the highest first
    draw(table);
    table.root.querySelector(`[data-sort="${CSS.escape(by)}"]`)?.focus();
    return;
  }
  const line = event.target.closest("tr[data-run]"), button = event.target.closest("[data-do]");
  const row = line && table.data.rows.find((each) => each.id === line.dataset.run);
  if (!row || event.target.closest("td input:not([type=checkbox])")) return;
  const what = button?.dataset.do ?? "choose";
  if (what === "choose") {
    choose(table, row.id);
    line.classList.toggle("chosen", table.chosen.has(row.id));
    line.querySelector("[data-do=choose]").checked = table.chosen.has(row.id);
    table.lines = body(table); // already on the screen
  } else if (what.startsWith("pencil")) {
    edit(table, button, row, what === "pencil" ? "name" : "note");
  } else {
    const field = what === "star" ? "starred" : "baseline";
    if (field === "baseline") table.data.rows.forEach((other) => (other.baseline = other === row && !row.baseline));
    else row.starred = !row.starred;
    draw(table);
    table.send({ what: field, run: row.id, value: row[field] });
  }
}

function highlight(root, run) {
  for (const line of root.querySelectorAll("tr[data-run]")) line.classList.toggle("highlighted", line.dataset.run === run);
}

function begin(root, setTriggerValue) {
  const table = { root, sort: null, filter: "", state: "", starred: false, fresh: false, editing: false, most: FIRST, chosen: new Set(), sent: null };
  table.send = (what) => table.trigger("did", { ...what, click: performance.now() });
  root.querySelector("table").onclick = (event) => act(table, event);
  root.querySelector("input[type=search]").oninput = (event) => { table.filter = event.target.value; draw(table); };
  root.querySelector("select").onchange = (event) => { table.state = event.target.value; draw(table); };
  root.querySelector(".starred").onchange = (event) => { table.starred = event.target.checked; draw(table); };
  root.querySelector(".scroll").onscroll = ({ target }) => {
    const near = target.scrollTop + target.clientHeight > target.scrollHeight - 200;
    if (!near || table.most >= table.data.rows.length || table.editing) return;
    table.most += MORE;
    draw(table);
  };
  root.querySelector("table").onmouseover = (event) => {
    const run = event.target.closest("tr[data-run]")?.dataset.run ?? null;
    if (run !== table.highlighted) window.dispatchEvent(new CustomEvent("digit-lab-run", { detail: (table.highlighted = run) }));
  };
  root.querySelector("table").onmouseleave = () =>
    window.dispatchEvent(new CustomEvent("digit-lab-run", { detail: (table.highlighted = null) }));
  table.listen = (event) => highlight(root, event.detail);
  window.addEventListener("digit-lab-run", table.listen);
  return table;
}

export default function ({ data: [data], parentElement, setTriggerValue }, { take }) {
  const root = parentElement.querySelector(".runs");
  let table = tables.get(parentElement);
  if (!table) tables.set(parentElement, (table = begin(root)));
  table.trigger = setTriggerValue;
  table.fresh = take(table, data, (revision) => setTriggerValue("lost", revision)) || table.fresh;
  if (!table.fresh || table.editing) return;
  table.fresh = false;
  const { frame, order, ...rows } = table.items;
  table.data = { ...frame, rows: order.map((id) => ({ ...rows[id] })) };
  receiveTicks(table, frame.chosen);
  draw(table);
}

export function forget(parentElement) {
  const table = tables.get(parentElement);
  if (table) window.removeEventListener("digit-lab-run", table.listen);
  tables.delete(parentElement);
}
