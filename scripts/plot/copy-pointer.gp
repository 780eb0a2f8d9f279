# create-copy (open circles, dashed) and create-pointer (filled, the strategy's colour) over the size.
set multiplot
title_lift = 2.0
lines = ceil(panels / columns)
panel_width = (width - 40) / columns
panel_height = (height - 110) / lines
do for [panel = 1:int(panels)] {
    load script_dir.'_marks.gp'
    column = (panel - 1) % int(columns)
    line = (panel - 1) / int(columns)
    look = int(panel_look[panel])
    set lmargin at screen across(20 + column * panel_width + 50)
    set rmargin at screen across(20 + (column + 1) * panel_width - 16)
    set tmargin at screen down(108 + line * panel_height)
    set bmargin at screen down(108 + (line + 1) * panel_height - 90)
    set logscale xy
    set xrange [extent[1] / 1.3:extent[2] * 1.3]
    set yrange [nice_below(extent[3]):nice_above(extent[4])]
    set xtics ()
    do for [exponent = 0:24:(extent[2] / extent[1] > 600 ? 2 : 1)] {
        bytes = 2.0 ** (exponent + 1)
        if (bytes >= extent[1] / 1.3 && bytes <= extent[2] * 1.3) {
            set xtics add ((bytes < 1024 ? sprintf('%g', bytes) : sprintf('%gK', bytes / 1024)) bytes) font note_font
        }
    }
    set ytics font note_font
    set format y '%g'
    set xlabel 'bytes of the struct' font note_font textcolor rgb ink offset 0, 0.5
    set ylabel 'ns/op' font note_font textcolor rgb ink
    set grid xtics ytics
    unset arrow
    if (crossing[panel] == crossing[panel]) {
        set arrow 1 from first crossing[panel], graph 0 to first crossing[panel], graph 1 nohead \
            dashtype (8, 5) linewidth 1.2 linecolor rgb ink
        if (crossing[panel] ** 2 > extent[1] * extent[2]) {
            set label 9400 crossing_text[panel] at first crossing[panel], graph 0.06 right offset -0.6, 0 \
                font heading_font textcolor rgb ink front
        } else {
            set label 9400 crossing_text[panel] at first crossing[panel], graph 0.06 left offset 0.6, 0 \
                font heading_font textcolor rgb ink front
        }
    }
    set key at graph 0.02, graph 0.98 left top Left reverse samplen 2 font note_font textcolor rgb ink
    plot table index panel - 1 using 2:3:4:5 with yerrorbars notitle pointtype 0 linecolor rgb '#555555', \
        '' index panel - 1 using 2:6:7:8 with yerrorbars notitle pointtype 0 linecolor rgb strategy_color[look], \
        '' index panel - 1 using 2:3 with linespoints title 'copy' dashtype (12, 6) linewidth 1.4 pointtype 6 \
            linecolor rgb '#555555', \
        '' index panel - 1 using 2:6 with linespoints title 'pointer' linewidth 1.8 pointtype 7 \
            linecolor rgb strategy_color[look]
}
