"""Links to other pages in HTML: they work like `st.page_link` but appear sooner.

The browser loads Streamlit's buttons and page links when the first one appears, shows grey boxes until then and draws
them one after another. Start has eight, and it is the first page that a visitor sees.
"""

from html import escape
from urllib.parse import urlencode


def link(page: str, markup: str, kind: str = "", **query: str) -> str:
    """A link to the page `page`. kind: its CSS class."""
    address = f"{page}?{urlencode(query)}" if query else page
    return f'<a class="inside {kind}" href="{escape(address)}">{markup}</a>'


def icon(name: str) -> str:
    """One of Streamlit's icons, named as in `:material/…:`. Screen readers skip it."""
    return f'<span class="icon" aria-hidden="true" translate="no">{name.removeprefix(":material/").rstrip(":")}</span>'


# Adds a step to the browser's history, which Streamlit follows without reloading. Streamlit keeps the scroll position,
# so the script scrolls up. Clicks with a modifier key or another mouse button open a tab, as with every link.
SCRIPT = """
(() => {
  if (window.digitLabLinks) return;
  window.digitLabLinks = true;
  document.addEventListener("click", (click) => {
    const link = click.target.closest?.("a.inside");
    if (!link || click.button || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
    click.preventDefault();
    history.pushState({}, "", link.href);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  });
})();
"""
