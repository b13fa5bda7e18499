"""Help for keyboards and screen readers: a skip link, visible focus in the navigation, names for unnamed buttons."""

# Streamlit has a link "Skip to main content". This puts a second one before it, visible while it has the focus: to the
# page's main button, which is some fifteen Tab presses away otherwise. Streamlit 1.67 gives its phone menu "»" no name
# (github.com/streamlit/streamlit/issues/8399), so it gets one here. Tables that scroll get a tab stop, so that arrows
# scroll them.
SCRIPT = """
(() => {
  if (window.digitLabKeyboard) return;
  window.digitLabKeyboard = true;
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
      found.focus();
      found.scrollIntoView({ block: "nearest" });
    });
    return link;
  };
  const toAction = skip("", action);
  document.body.prepend(toAction);
  const scrolling = "[data-testid=stCode] pre, [class*=st-key-explore_table_]";
  const names = { stExpandSidebarButton: "Open the menu of pages", stSidebarCollapseButton: "Close the menu of pages" };
  const update = () => {
    // Popovers lie outside the app. Without this, light-dark() would give them the light colours in dark.
    const app = document.querySelector("[data-testid=stApp]");
    if (app) document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
    const button = action(), label = (button?.querySelector("p") ?? button)?.innerText.trim();
    toAction.hidden = !label;
    if (toAction.textContent !== `Skip to “${label}”`) toAction.textContent = `Skip to “${label}”`;
    for (const [testid, name] of Object.entries(names)) {
      const found = document.querySelector(`[data-testid=${testid}]`);
      const target = found?.matches("button") ? found : found?.querySelector("button");
      if (target && target.getAttribute("aria-label") !== name) target.setAttribute("aria-label", name);
    }
    for (const region of document.querySelectorAll(scrolling)) {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = region;
      if (scrollWidth > clientWidth || scrollHeight > clientHeight) region.tabIndex = 0;
    }
  };
  let due = 0;
  const later = () => { due ||= setTimeout(() => { due = 0; update(); }, 300); };
  new MutationObserver(later).observe(document.body, { childList: true, subtree: true });
  update();
})();
"""
STYLE = """<style>
.skip-link {position: fixed; left: .5rem; top: -4rem; z-index: 1000002; padding: .5rem 1rem; border-radius: .6rem;
  background: #4f46e5; color: #fff !important; font-family: sans-serif}
.skip-link:focus {top: .5rem; outline: 2px solid #fff; outline-offset: -4px}
/* Streamlit's own ring has 2.3:1, and its page links have none. */
:is(a, button, summary, [role=tab]):focus-visible {outline: 2px solid light-dark(#4f46e5, #8b85ff) !important;
  outline-offset: 2px}
:is([role=tab], [data-testid=stMain]):focus-visible {outline: 2px solid light-dark(#4f46e5, #8b85ff) !important;
  outline-offset: -2px}
@media (max-width: 768px) {
  [data-testid=stExpandSidebarButton] {width: auto; padding: 0 .5rem}
  [data-testid=stExpandSidebarButton]::after {content: "Pages"; font-size: .9rem; margin-left: .25rem}
}
</style>"""
