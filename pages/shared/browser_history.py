"""The browser's Back button leaves a page in one step and shows the page before as it was.

Streamlit adds a step to the browser's history for every change of `st.query_params`: the run that a page selects when
it opens, and every changed knob. Back would go through all of them, and on a page that completes its link it would seem
to do nothing.
"""

# Only another page adds a step to the history; a change of the query replaces the current step. So does all that
# happens before the first click or key of the visitor: the first one after a start of the server is sent to Start and
# back. Streamlit may write the new page's query before its path, so that the old path gets the new query. A change of
# the path soon after a change of the query is such a case: the script then restores the old page's link.
SCRIPT = """
(() => {
  if (window.digitLabHistory) return;
  window.digitLabHistory = true;
  const push = history.pushState, soon = 150;
  let before = null;
  history.pushState = function (state, title, url) {
    if (navigator.userActivity?.hasBeenActive === false) return history.replaceState(state, title, url);
    if (new URL(url, location.href).pathname === location.pathname) {
      if (!before || performance.now() - before.at > soon) before = { href: location.href, at: performance.now() };
      return history.replaceState(state, title, url);
    }
    if (before && performance.now() - before.at < soon) history.replaceState(history.state, title, before.href);
    before = null;
    return push.call(this, state, title, url);
  };
})();
"""
