"""The drawn network on its pages: it opens, and breaking a part of it changes the figures and can be undone."""

from core.network.interventions import ALL_UNITS, OFF, Intervention


def again(app):
    """Runs the page once more where it is."""
    app.session_state["_inside_navigation"] = True
    return app.run()


def opened(open_page):
    """Evaluate with the drawn network of the model that came with the project."""
    app = open_page("evaluate", run="shipped", view="network")
    if any(each.key == "evaluate_ask" for each in app.button):
        app.button("evaluate_ask").click()
        again(app)
    return app


def accuracy(app) -> list[str]:
    return [each.value for each in app.metric if each.label.startswith("Accuracy on")]


def test_evaluate_draws_the_network(open_page):
    app = opened(open_page)
    assert not app.exception
    assert any("Break it" in each.value for each in app.caption)
    assert not accuracy(app)


def test_without_its_last_hidden_layer_the_network_guesses_and_undo_brings_it_back(open_page):
    app = opened(open_page)
    app.session_state["evaluate_changes"] = ("shipped:None", [Intervention(OFF, "dense1", ALL_UNITS)])
    again(app)
    assert not app.exception
    (share,) = accuracy(app)
    assert float(share.rstrip("%")) < 20
    next(each for each in app.button if each.label == "Undo").click()
    again(app)
    assert not accuracy(app)


def test_changes_of_another_network_are_not_applied(open_page):
    app = opened(open_page)
    app.session_state["evaluate_changes"] = ("another:None", [Intervention(OFF, "dense7", ALL_UNITS)])
    again(app)
    assert not app.exception
    assert not accuracy(app)


def test_draw_shows_the_digit_in_the_network(open_page):
    app = open_page("draw", run="shipped", send="validation:3")
    app.session_state["draw_view"] = "network"
    again(app)
    assert not app.exception
