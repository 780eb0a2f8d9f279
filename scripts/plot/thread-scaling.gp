# Throughput relative to one thread; a panel per work.
set multiplot
lines = ceil(panels / columns)
panel_width = width / columns
panel_height = (height - 110) / lines
do for [panel = 1:int(panels)] {
    column = (panel - 1) % int(columns)
    line = (panel - 1) / int(columns)
    legend_left = (column + 1) * panel_width - right_pixels + 24
    legend_top = 100 + line * panel_height
    load script_dir.'_marks.gp'
    set lmargin at screen across(column * panel_width + 60)
    set rmargin at screen across((column + 1) * panel_width - right_pixels)
    set tmargin at screen down(90 + line * panel_height)
    set bmargin at screen down(90 + (line + 1) * panel_height - 70)
    set xrange [0.8:x_most + 0.2]
    set yrange [0:(y_most > x_most ? y_most : x_most) * 1.08]
    set xtics 1, (x_most > 12 ? 4 : 1) font note_font
    set ytics autofreq font note_font
    set xlabel 'threads' font text_font textcolor rgb ink offset 0, 0.4
    set ylabel '× one thread' font text_font textcolor rgb ink
    set grid xtics ytics
    plot [0.8:x_most + 0.2] x with lines dashtype 2 linecolor rgb '#888888', \
        for [s = 1:strategies] table using ($1 == panel && $6 == s ? $2 : NaN):3:4:5 with yerrorbars \
            pointtype 0 linecolor rgb strategy_color[s], \
        for [s = 1:strategies] table index ((panel - 1) * strategies + s - 1) using 2:3 with lines dashtype strategy_dash[s] \
            linewidth 1.8 linecolor rgb strategy_color[s], \
        for [s = 1:strategies] table index ((panel - 1) * strategies + s - 1) using 2:3 with points \
            pointtype below(strategy_point[s]) pointsize 1 linecolor rgb '#ffffff', \
        for [s = 1:strategies] table index ((panel - 1) * strategies + s - 1) using 2:3 with points \
            pointtype strategy_point[s] pointsize 1 linecolor rgb strategy_color[s]
}
