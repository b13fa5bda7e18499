"""The browser's Back leaves a page in one step, and finds the page before as it was.

Whatever a page writes into its link (`st.query_params`), Streamlit makes a step of the browser's history: the run that
a page chose when it opened, and every knob since. Back would first go through all of them, and from a page that
completes its link it would not seem to do anything at all.
"""

# Lets only another page be a step of the history; a change of the link alone takes the present step's place.
# Streamlit may read a new page's link before its path, and then writes the one behind the other's path; what follows
# so soon was not done by hand, so the old page gets its link back.
SCRIPT = """
(() => {
  if (window.digitLabHistory) return;
  window.digitLabHistory = true;
  const push = history.pushState, soon = 150;
  let before = null;
  history.pushState = function (state, title, url) {
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
