// Shared by the scripts of several components: Plotly and its settings, numbers in a message, visibility, received items.

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
