"""Help for keyboards and screen readers: skip links, visible focus in the navigation, names for unnamed buttons."""

# Puts two links before everything else, visible while they have the focus: to the page, and to its main button. Without
# them the button is some twenty Tab presses away. Streamlit 1.67 gives its phone menu "»" no name, so it gets one here.
SCRIPT = """
(() => {
  if (window.digitLabKeyboard) return;
  window.digitLabKeyboard = true;
  const main = () => document.querySelector("[data-testid=stMain]");
  const action = () => document.querySelector("[data-testid=stMain] [data-testid=stBaseButton-primary]:not(:disabled)");
  const skip = (text, target) => {
    const link = document.createElement("a");
    link.href = "#";
    link.className = "skip-link";
    link.textContent = text;
    link.addEventListener("click", (click) => {
      click.preventDefault();
      const found = target();
      if (!found) return;
      if (!found.matches("button")) found.tabIndex = -1;
      found.focus();
      found.scrollIntoView({ block: "nearest" });
    });
    return link;
  };
  const toPage = skip("Skip to the page", main), toAction = skip("", action);
  const bar = document.createElement("nav");
  bar.setAttribute("aria-label", "Skip links");
  bar.append(toPage, toAction);
  document.body.prepend(bar);
  const names = { stExpandSidebarButton: "Open the menu of pages", stSidebarCollapseButton: "Close the menu of pages" };
  const update = () => {
    const button = action(), label = button?.innerText.split("\\n").at(-1).trim();
    toAction.hidden = !label;
    if (toAction.textContent !== `Skip to “${label}”`) toAction.textContent = `Skip to “${label}”`;
    for (const [testid, name] of Object.entries(names)) {
      const found = document.querySelector(`[data-testid=${testid}]`), target = found?.matches("button") ? found : found?.querySelector("button");
      if (target && target.getAttribute("aria-label") !== name) target.setAttribute("aria-label", name);
    }
  };
  let due = 0;
  new MutationObserver(() => { due ||= setTimeout(() => { due = 0; update(); }, 300); }).observe(document.body, { childList: true, subtree: true });
  update();
})();
"""
STYLE = """<style>
.skip-link {position: fixed; left: .5rem; top: -4rem; z-index: 1000002; padding: .5rem 1rem; border-radius: .6rem;
  background: #4f46e5; color: #fff !important; font-family: sans-serif}
.skip-link:focus {top: .5rem; outline: 2px solid #fff; outline-offset: -4px}
[data-testid=stTopNavLink]:focus-visible, [data-testid=stSidebarNavLink]:focus-visible, header button:focus-visible {
  outline: 2px solid currentcolor; outline-offset: 2px}
@media (max-width: 768px) {
  [data-testid=stExpandSidebarButton] {width: auto; padding: 0 .5rem}
  [data-testid=stExpandSidebarButton]::after {content: "Pages"; font-size: .9rem; margin-left: .25rem}
}
</style>"""
