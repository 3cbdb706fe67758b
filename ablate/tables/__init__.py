"""Tables that were made elsewhere: what a file or a frame holds, and what of it is meant.

    grid = grid_of_file(Path("table.csv"))        # formats, frames: any table → a Grid, its cells as they were written
    table = understand(grid, metric="accuracy")   # understanding: a Grid → a Table, arm by arm
    table.understood                              # "CSV: 2 arms of column 'arm' (sgd, adam), paired by 'seed' (5), …"

`examples` understands a Grid of an evaluation, example by example. `numbers` reads one column of cells. Whatever cannot
be read or understood is a TableProblem, which names all that is wrong with a table at once. Nothing here judges.
"""
