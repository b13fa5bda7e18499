"""Links to other pages in markup of our own: as good as `st.page_link`, and on the screen sooner.

The browser fetches Streamlit's buttons and page links when it meets the first of them, shows grey places until then and
draws one after the other, each with Markdown of its own. Start has eight and is what a visitor meets first.
"""

from html import escape
from urllib.parse import urlencode


def link(page: str, markup: str, kind: str = "", **query: str) -> str:
    """A link to the page of that name. `kind` is its class in the page's style."""
    address = f"{page}?{urlencode(query)}" if query else page
    return f'<a class="inside {kind}" href="{escape(address)}">{markup}</a>'


def icon(name: str) -> str:
    """One of Streamlit's icons, by what stands in `:material/…:`. Nothing reads it aloud."""
    return f'<span class="icon" aria-hidden="true" translate="no">{name.removeprefix(":material/").rstrip(":")}</span>'


# A step forward in the browser's history, which Streamlit follows without loading the page anew, but as it follows
# Back: the new page would be as far down as the old one was. A click with a key or with another button than the first
# opens another tab, as with every link.
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
