"""The keyboard's focus stays where it was when the page replaces the control that has it.

Pause becomes Continue, and Stop goes away: the browser then gives the focus to the whole page. The next Tab would start
at the top, and a screen reader would say nothing.
"""

# The script notes the focused control and, for each block around it, the place of the control among those of the block.
# If the page removes, hides or disables it, the focus goes to the innermost block that has a control, such as a row of
# buttons: there to the nearest one with the same name, else to the one at the same place. A block that Streamlit has
# made again is found by its key.
#
# It does nothing for the mouse, while a key is down (a held Enter would press the next button, too), while the page is
# being drawn, and if the visitor has gone to another place or page.
SCRIPT = """
(() => {
  if (window.digitLabLostFocus) return;
  window.digitLabLostFocus = true;
  const controls = "button, a[href], input, select, textarea, summary, [tabindex]";
  // Not asked: whether it is inert. While a list is open, everything beside it is.
  const usable = (one) => one.isConnected && one.matches(controls) && !one.disabled && one.tabIndex >= 0
    && one.getClientRects().length > 0;
  const inside = (block) => [...block.querySelectorAll(controls)].filter(usable);
  const nameOf = (one) => one.getAttribute("aria-label") || one.textContent.trim();
  const main = () => document.querySelector("[data-testid=stMain]");
  let noted = null, lost = false, byMouse = false, keyIsDown = false;

  const blocksAround = (control, end) => {
    const before = inside(end).filter((one) => control.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING);
    const blocks = [];
    for (let block = control.parentElement; block && block !== document.body; block = block.parentElement) {
      const key = [...block.classList].find((name) => name.startsWith("st-key-"));
      const place = before.filter((one) => block.contains(one)).length;
      blocks.push({ block, key, place });
      if (block === end) break;
    }
    return blocks;
  };
  const note = (control) => {
    lost = false;
    noted = null;
    const page = main();
    if (!page || control === document.body) return;
    const seen = { control, name: nameOf(control), path: location.pathname };
    if (page.contains(control)) noted = { ...seen, blocks: blocksAround(control, page) };
    else if (!control.closest("[data-testid=stApp]")) {  // a box above the page, such as a popover: its button is next
      const opener = page.querySelector("[data-testid=stPopover] button[aria-expanded=true]");
      const outside = opener ? blocksAround(opener, page) : [];
      noted = { ...seen, blocks: [...blocksAround(control, document.body), ...outside] };
    }
  };
  const isDrawing = () => {
    const app = document.querySelector("[data-testid=stApp]")?.dataset;
    return app?.testScriptState !== "notRunning" || app.testConnectionState !== "CONNECTED";
  };
  const successor = () => {
    if (usable(noted.control)) return noted.control;  // the page has only moved it
    for (const { block, key, place } of noted.blocks) {
      const present = block.isConnected ? block : key && document.querySelector(`.${CSS.escape(key)}`);
      const found = present ? inside(present) : [];
      const distance = (one) => Math.abs(found.indexOf(one) - place);
      const [same] = found.filter((one) => noted.name && nameOf(one) === noted.name)
        .sort((one, other) => distance(one) - distance(other));
      if (found.length) return same ?? found[Math.min(place, found.length - 1)];
    }
  };
  const check = () => {
    if (!noted || !document.hasFocus()) return;
    const active = document.activeElement;
    if (location.pathname !== noted.path) noted = null;
    else if (active === document.body && !lost && usable(noted.control)) noted = null;  // the visitor has left it
    else if (isDrawing() || keyIsDown) {  // meanwhile old and new controls are there together
      lost ||= active === document.body;  // without a connection, all are disabled for a while
      later();
    } else if (active !== document.body) note(active);  // its place may have changed
    else {
      const next = successor();
      noted = null;
      next?.focus({ preventScroll: true });
    }
  };
  let due = 0;
  const later = () => { due ||= setTimeout(() => { due = 0; check(); }, 200); };

  addEventListener("pointerdown", () => { byMouse = true; noted = null; }, true);
  addEventListener("keydown", () => {
    byMouse = false;
    keyIsDown = true;
    if (!noted && document.activeElement) note(document.activeElement);
  }, true);
  addEventListener("keyup", () => { keyIsDown = false; }, true);
  addEventListener("blur", () => { keyIsDown = false; });
  addEventListener("focus", later);
  // Not the event's target: lists of Streamlit send such events for options that do not have the focus.
  addEventListener("focusin", () => { if (!byMouse) note(document.activeElement); }, true);
  new MutationObserver((changes) => {
    if (!noted) return;
    lost ||= changes.some((change) => [...change.removedNodes].some((node) => node.contains(noted.control)));
    later();
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
})();
"""
