"""The command `digit-lab`. In an installation this package also contains `core`, `pages` and the entry script."""
