// A Plotly chart that keeps the visitor's zoom while points arrive. It stores all points: Python sends only new ones, and
// for each series the position `from` of the first of them, so a message that arrives twice changes nothing.

const SHOWN = 1500; // points drawn per series; more are averaged in bins, within the visitor's zoom
const plots = new WeakMap();

// Stores the new points. Returns false if points before them are missing.
function take(plot, data, numbers) {
  if (plot.generation !== data.generation) {
    plot.generation = data.generation;
    plot.points = new Map();
  }
  let whole = true;
  for (const series of data.series) {
    let held = plot.points.get(series.name);
    if (!held) plot.points.set(series.name, (held = { x: [], y: [] }));
    if (series.from > held.x.length) {
      whole = false;
      continue;
    }
    held.x.length = held.y.length = series.from;
    const x = numbers(series.x), y = numbers(series.y);
    for (let i = 0; i < x.length; i++) {
      held.x.push(x[i]);
      held.y.push(y[i]);
    }
  }
  return whole;
}

// The mean of each bin of neighbouring points, so that a long run fits on the screen.
function thinned(x, y, range) {
  let first = 0, end = x.length;
  if (range) {
    while (first < end && x[first] < range[0]) first++;
    while (end > first && x[end - 1] > range[1]) end--;
    first = Math.max(0, first - 1);
    end = Math.min(x.length, end + 1);
  }
  const width = Math.ceil((end - first) / SHOWN);
  if (width <= 1) return [x.slice(first, end), y.slice(first, end)];
  const xs = [], ys = [];
  for (let at = first; at < end; at += width) {
    const to = Math.min(at + width, end);
    let sx = 0, sy = 0;
    for (let i = at; i < to; i++) {
      sx += x[i];
      sy += y[i];
    }
    xs.push(sx / (to - at));
    ys.push(sy / (to - at));
  }
  return [xs, ys];
}

// Exponential smoothing that starts at the first point instead of at zero, as in TensorBoard.
function smoothed(y, weight) {
  let sum = 0, share = 0;
  return y.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + value * (1 - weight);
    share = share * weight + (1 - weight);
    return sum / share;
  });
}

function traces(plot, data) {
  const drawn = [];
  for (const series of data.series) {
    const held = plot.points.get(series.name) ?? { x: [], y: [] };
    const hover = `${series.name}: %{y${data.percent ? ":.2%" : ":.4f"}}<extra></extra>`;
    if (series.marks) {
      const marker = { color: series.colour, size: held.x.length > 30 ? 4 : 9, symbol: series.symbol, line: { width: held.x.length > 30 ? 0 : 1.5, color: "white" } };
      drawn.push({ x: held.x, y: held.y, name: series.name, mode: "lines+markers", marker, hovertemplate: hover,
        line: { color: series.colour, width: 1.5, dash: "dot" } });
      continue;
    }
    const smooth = series.smooth && data.smoothing > 0;
    const fine = smooth ? smoothed(held.y, data.smoothing) : held.y;
    const [x, y] = thinned(held.x, fine, plot.range);
    if (smooth) {
      const [rawX, rawY] = thinned(held.x, held.y, plot.range);
      drawn.push({ x: rawX, y: rawY, mode: "lines", line: { color: series.colour, width: 1 }, opacity: 0.25,
        hoverinfo: "skip", showlegend: false, name: `${series.name} raw` });
    }
    drawn.push({ x, y, name: series.name, mode: "lines", line: { color: series.colour, width: 2 }, hovertemplate: hover });
  }
  return drawn;
}

function layout({ root, data, points }) {
  const style = getComputedStyle(root);
  const theme = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const text = theme("--st-text-color", "#333"), line = theme("--st-border-color", "#ccc");
  const axis = { gridcolor: line, zeroline: false, linecolor: line, automargin: true };
  const shapes = data.marks.map((mark) => ({ type: "line", x0: mark.x, x1: mark.x, yref: "paper", y0: 0, y1: 1,
    line: { color: mark.colour, width: 1.5, dash: "dash" } }));
  // A name in the right half is left of its line: the axis would otherwise be made longer until the name fits.
  const middle = Math.max(0, ...[...points.values()].map((held) => held.x.at(-1) ?? 0)) / 2;
  const annotations = data.marks.map((mark) => ({ x: mark.x, yref: "paper", y: mark.height, text: mark.text,
    showarrow: false, xanchor: mark.x > middle ? "right" : "left", yanchor: ["bottom", "middle", "top"][Math.round(2 * mark.height)], font: { size: 11, color: text } }));
  return {
    uirevision: data.view, autosize: true, height: data.height, shapes, annotations,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: text, family: theme("--st-font", "sans-serif") },
    title: { text: data.title, font: { size: 15 }, x: 0, xanchor: "left", y: 0.98, yanchor: "top" },
    margin: { l: 48, r: 12, t: 30, b: 38 }, hovermode: "x unified", showlegend: data.legend,
    legend: { orientation: "h", x: 1, y: 1.02, xanchor: "right", yanchor: "bottom" }, // on the line of the title
    xaxis: { ...axis, title: { text: data.x_title, standoff: 4 }, rangemode: "tozero" },
    yaxis: { ...axis, type: data.log ? "log" : "linear", tickformat: data.percent ? "~%" : "" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: line, activecolor: text },
    hoverlabel: { bgcolor: theme("--st-secondary-background-color", "#eee"), font: { color: text } },
  };
}

function draw(plot) {
  const { root, data } = plot;
  const began = performance.now();
  window.Plotly.react(root, traces(plot, data), layout(plot), plot.common.plotSettings(true));
  plot.common.skipButtons(root);
  if (!plot.listening) {
    plot.listening = true;
    root.on("plotly_relayout", (change) => {
      const [low, high] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (low === undefined && !change["xaxis.autorange"]) return;
      plot.range = low === undefined ? null : [low, high];
      draw(plot);
    });
  }
  root.dataset.milliseconds = (performance.now() - began).toFixed(1);
}

export default function ({ data: [data], parentElement, setTriggerValue }, common) {
  const { plotly, numbers, painter } = common;
  const root = parentElement.querySelector(".live-plot");
  let plot = plots.get(parentElement);
  if (!plot) {
    plots.set(parentElement, (plot = { root, common, points: new Map(), range: null }));
    plot.painter = painter(root, () => draw(plot));
  }
  plot.data = data;
  root.setAttribute("aria-label", data.alt);
  if (!take(plot, data, numbers)) return setTriggerValue("lost", data.generation);
  if (plot.view !== data.view) {
    plot.view = data.view;
    plot.range = null;
  }
  plotly(data.plotly).then(() => {
    root.dataset.points = Math.max(0, ...[...plot.points.values()].map((held) => held.x.length));
    plot.painter.ask();
  });
}

export function forget(parentElement) {
  const plot = plots.get(parentElement);
  plot?.painter.end();
  if (plot && window.Plotly) window.Plotly.purge(plot.root);
  plots.delete(parentElement);
}
