"""What a browser shows: the one renderer of report.html and of the application.

`markup` sets the blocks of a report in HTML, `pictures` draws for a page what `ablate.plots` draws for print, and
`page` puts both into a template, with the style and the script of `assets/`.
"""
