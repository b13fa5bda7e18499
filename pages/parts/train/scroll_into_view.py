"""On a phone the columns are below one another: the page scrolls to what the visitor has just asked for."""

from pages.shared.lead_to import reveal as reveal
