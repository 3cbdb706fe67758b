"""Pictures of frozen results: `draw_*(info, ax) -> ax` draws on the axes it is given and computes nothing.

    figure, ax = house_figure("Loss by arm", "8 seeds an arm", height_inches=3.0)     # canvas
    draw_forest(results.verdicts, ax)                                                      # forest
    png_bytes(figure)                                                                      # canvas

`forest` draws one row a verdict, `dots` one an arm, `slopes` one panel an arm, `curves` lines over epochs,
`grids` what a full grid showed, `confusion` matrices; `figures` puts them on the pages of a report. No
function here touches pyplot or leaves a setting of the session changed, so they can be called from a
notebook as they are. Colours are those of Okabe and Ito, told apart by the colour-blind, and no verdict is
told by its colour alone (`signs`).
"""
