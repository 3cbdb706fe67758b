"""From results to what is said of them: the report of a study, the text of a comparison.

    report_markdown(study_results(plan, runs))               # report: the text alone

A report is made of `blocks` that say what they hold, and `markdown` and `latex` render them; nobody else writes
markup. `sections` and `captions` say what a sweep showed, `comparison` what runs have in common. Of what was judged,
`verdicts` makes sentences, `verdict_tables` rows, `flags` says what to know beside them, `summary` opens the section
with all of it; `replication` sets a document's numbers and conclusions beside ours. `words`, `quantities` and `numbers`
know nothing of studies.
"""
