"""From results to text: the report of a study, the text of a comparison, and the folders they stand in.

    write_report(plan, runs, Path("reports/optimizers"))     # writing: report.md, figures/, data/
    rebuild(Path("reports/optimizers/data"))                 # the same report without the store
    report_markdown(study_results(plan, runs))               # report: the text alone

A report is made of `blocks` that say what they hold, and `markdown` and `latex` render them; nobody else writes
markup. `evidence` packs a study into `data/` and unpacks it, `sections` and `captions` say what a sweep showed,
`comparison` what runs have in common. Of what was judged, `verdicts` makes sentences, `verdict_tables` rows,
`flags` says what to know beside them, `summary` opens the section with all of it; `replication` sets a document's
numbers and conclusions beside ours. `words`, `quantities` and `numbers` know nothing of studies.
"""
