"""From stored runs to numbers that can be said aloud: tables, summaries, paired differences, comparisons.

    tables = study_tables(plan, runs)                 # frame: tidy runs, history, timings
    results = study_results(plan, runs)               # results: everything a report shows, frozen
    difference = paired_difference(arm, baseline)     # contrasts: anybody's numbers, matched by seed

The modules, each usable alone: `estimates` (a mean with its t interval), `contrasts` (one number per
seed), `summaries` (an arm over its seeds), `curves`, `confusion`, `settings` (what differs), `frame`
(tables and their bytes), `results` (all of it for a study), `comparison` (`ablate compare`).
Nothing here draws, trains or opens a file.
"""
