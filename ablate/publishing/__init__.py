"""The folder of a report: what a study is packed into, what is written of it, and when that must be made again.

    write_report(plan, runs, Path("reports/optimizers"))     # writing: report.md, report.html, figures/, data/
    rebuild(Path("reports/optimizers/data"))                 # the same report without the store

`evidence` packs a study into `data/` and unpacks it; `agreement` says whether two such folders hold the same.
"""
