"""The local application of `ablate serve`: the store, seen in a browser and never written.

`security` stands before everything: who may ask, and how much. `application` makes the Starlette application of the
modules in `pages`, each of which declares its `ROUTES` and is found by its name. A page is a plain function from what
was `Asked` to an answer of `answers`; it runs in a thread, may take its time, and raises what the operations raise,
which `problems` puts into words. What pages share, the store and what was computed of it, is the `Site`.
"""
