"""A Ray cluster as a place: the dashboard's side, the bridge between both, and what runs on a node."""
