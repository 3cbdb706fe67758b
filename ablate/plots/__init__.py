"""Pictures of frozen results: `draw_*(info, ax) -> ax` draws on the axes it is given and computes nothing.

    figure, ax = house_figure("Which optimizer?", "8 seeds an arm", height_inches=3.0)     # canvas
    draw_differences(results.differences, results.metric, results.margin, ax)              # dots
    png_bytes(figure)                                                                      # canvas

`dots` draws one row an arm, `curves` lines over epochs, `confusion` matrices; `figures` puts them on the
pages of a report. No function here touches pyplot or leaves a setting of the session changed, so they can
be called from a notebook as they are. Colours are those of Okabe and Ito, told apart by the colour-blind.
"""
