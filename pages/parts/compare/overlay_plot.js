// Curves of many runs in one chart. The curve under the mouse is highlighted and sends the event `digit-lab-run`; the
// other charts and the table then highlight the same run. The zoom stays while `view` stays.

const plots = new WeakMap();
const curves = new WeakMap(); // curve as sent → curve with decoded numbers

const faded = (colour, share) => colour + Math.round(share * 255).toString(16).padStart(2, "0");

function drawn({ x, y, ...trace }, percent) {
  const shape = { x, y, type: "scatter", name: trace.name, meta: trace.runs,
    hovertemplate: trace.hover.length ? "%{text}<extra></extra>" : `${trace.name}: %{y${percent ? ":.2%" : ":.4f"}}<extra></extra>`,
    text: trace.hover };
  switch (trace.kind) {
    case "band":
      return { ...shape, mode: "lines", fill: "toself", fillcolor: faded(trace.colour, 0.18), line: { width: 0 }, hoverinfo: "skip", hovertemplate: undefined };
    case "faint":
      return { ...shape, mode: "lines", line: { color: faded(trace.colour, 0.28), width: 1 }, hoverinfo: "skip", hovertemplate: undefined };
    case "marks":
      return { ...shape, mode: "lines+markers", line: { color: trace.colour, width: 1.8, dash: trace.dash },
        marker: { color: trace.colour, size: 6 } };
    default:
      return { ...shape, mode: "lines", line: { color: trace.colour, width: 1.8, dash: trace.dash } };
  }
}

function layout(root, data) {
  const style = getComputedStyle(root);
  const theme = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const text = theme("--st-text-color", "#333"), line = theme("--st-border-color", "#ccc");
  const axis = { gridcolor: line, zeroline: false, linecolor: line, automargin: true };
  const bounds = (range) => (range ? { range } : {}); // `range: null` makes the next `Plotly.react` fail
  const annotations = data.notes.map((note) => ({ x: note.x, y: note.y, text: note.text, showarrow: false,
    xanchor: note.anchor, yanchor: note.low ? "top" : "middle", xshift: note.shift, yshift: note.low ? -14 : 0, font: { size: 11, color: text },
    bgcolor: faded(theme("--st-background-color", "#ffffff").slice(0, 7), 0.75), borderpad: 1 }));
  const shapes = data.uprights.map((x) => ({ type: "line", x0: x, x1: x, y0: 0, y1: 1, line: { color: line, width: 1.5 } }));
  return {
    uirevision: data.view, autosize: true, height: data.height, annotations, shapes,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: text, family: theme("--st-font", "sans-serif") },
    title: { text: data.title, font: { size: 15 }, x: 0, xanchor: "left", y: 0.98, yanchor: "top" },
    margin: { l: 52, r: 14, t: 38, b: 42, ...data.margin }, hovermode: "closest", hoverdistance: 30, showlegend: false,
    xaxis: { ...axis, title: { text: data.x_title }, visible: data.axes, ...bounds(data.x_range), ...(data.whole ? { dtick: 1 } : {}) },
    yaxis: { ...axis, type: data.log ? "log" : "linear", tickformat: data.percent ? "~%" : "", visible: data.axes, ...bounds(data.y_range) },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: line, activecolor: text },
    hoverlabel: { bgcolor: theme("--st-secondary-background-color", "#eee"), font: { color: text } },
  };
}

// Highlights one run and fades the others; null: no run. It changes the SVG directly, which is instant: Plotly's own
// `restyle` would compute every curve again.
function highlight(plot, run) {
  plot.highlighted = run;
  const curves = [...plot.root.querySelectorAll(".scatterlayer > .trace")];
  const its = (curve) => curve.__data__?.[0]?.trace?.meta?.includes(run);
  const known = run !== null && curves.some(its);
  for (const curve of curves) curve.style.opacity = !known || its(curve) ? "" : "0.15";
}

const announce = (run) => window.dispatchEvent(new CustomEvent("digit-lab-run", { detail: run }));

function draw(plot) {
  const { root, data } = plot;
  window.Plotly.react(root, plot.traces.map((trace) => drawn(trace, data.percent)), layout(root, data), plot.common.plotSettings(data.axes));
  plot.common.skipButtons(root);
  highlight(plot, plot.highlighted);
  root.dataset.traces = plot.traces.length;
  if (plot.listening) return;
  plot.listening = true;
  root.on("plotly_hover", (event) => announce(event.points[0].data.meta[0]));
  root.on("plotly_unhover", () => announce(null));
}

// Decodes a curve's numbers once.
function unpacked(curve, numbers) {
  if (!curves.has(curve)) curves.set(curve, { ...curve, x: numbers(curve.x), y: numbers(curve.y) });
  return curves.get(curve);
}

export default function ({ data: [data], parentElement, setTriggerValue }, common) {
  const { plotly, numbers, painter, take } = common;
  const root = parentElement.querySelector(".overlay-plot");
  let plot = plots.get(parentElement);
  if (!plot) {
    plots.set(parentElement, (plot = { root, common, highlighted: null }));
    plot.painter = painter(root, () => draw(plot));
    plot.listen = (event) => plot.highlighted !== event.detail && highlight(plot, event.detail);
    window.addEventListener("digit-lab-run", plot.listen);
  }
  const fresh = take(plot, data, (revision) => setTriggerValue("lost", revision));
  if (!plot.items) return;
  const theme = getComputedStyle(root).getPropertyValue("--st-text-color");
  if (!fresh && plot.theme === theme) return;
  plot.theme = theme;
  plot.data = plot.items.chart;
  plot.traces = plot.data.order.map((name) => unpacked(plot.items[name], numbers));
  root.setAttribute("aria-label", plot.data.alt);
  root.style.minHeight = `${plot.data.height}px`; // also before it is first drawn, below the window
  plotly(plot.data.plotly).then(plot.painter.ask);
}

export function forget(parentElement) {
  const plot = plots.get(parentElement);
  if (!plot) return;
  plot.painter.end();
  window.removeEventListener("digit-lab-run", plot.listen);
  if (window.Plotly) window.Plotly.purge(plot.root);
  plots.delete(parentElement);
}
