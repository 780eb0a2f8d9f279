# Live heap (line) and goal (dashed) in MiB over milliseconds, stops as ticks above the axis.
set multiplot
array from_top[3] = [96, 306, 530]
array to_top[3] = [246, 456, 690]
do for [panel = 1:3] {
    load script_dir.'_marks.gp'
    block = panel == 1 ? 0 : 2
    mib = 1048576.0
    set lmargin at screen across(80)
    set rmargin at screen across(width - 110)
    set tmargin at screen down(from_top[panel])
    set bmargin at screen down(to_top[panel])
    set xrange [0:(panel == 3 ? magnified_end : time_end)]
    set yrange [0:heap_end / mib * 1.08]
    set xtics autofreq font note_font
    set ytics autofreq font note_font
    set ylabel 'MiB' font note_font textcolor rgb ink
    set xlabel (panel == 1 ? '' : 'ms since the start of the timed run') font note_font textcolor rgb ink offset 0, 0.5
    set grid ytics
    if (panel != 1) {
        set label 9200 'goal' at screen across(width - 66), screen down(from_top[panel] + 12) left \
            font note_font textcolor rgb ink
        set label 9201 'live heap' at screen across(width - 66), screen down(from_top[panel] + 30) left \
            font note_font textcolor rgb ink
        set label 9202 'a stop' at screen across(width - 66), screen down(from_top[panel] + 48) left \
            font note_font textcolor rgb ink
        set arrow 1 from screen across(width - 98), screen down(from_top[panel] + 12) to \
            screen across(width - 72), screen down(from_top[panel] + 12) nohead dashtype 2 linewidth 1.5 linecolor rgb ink
        set arrow 2 from screen across(width - 98), screen down(from_top[panel] + 30) to \
            screen across(width - 72), screen down(from_top[panel] + 30) nohead linewidth 1.5 \
            linecolor rgb strategy_color[look]
        set arrow 3 from screen across(width - 85), screen down(from_top[panel] + 52) to \
            screen across(width - 85), screen down(from_top[panel] + 43) nohead linewidth 1.5 linecolor rgb '#C00000'
    }
    plot table index block using 1:($2 / mib) with lines linewidth (panel == 1 ? 4 : panel == 2 ? 0.7 : 1.6) \
            linecolor rgb strategy_color[look], \
        table index block using 1:($3 / mib) with lines dashtype 2 linewidth 1.5 linecolor rgb ink, \
        table index block + 1 using 1:(0):(0):(heap_end / mib * (panel == 3 ? 0.08 : 0.05)) with vectors nohead \
            linewidth (panel == 3 ? 1.5 : 0.5) linecolor rgb '#C00000'
}
