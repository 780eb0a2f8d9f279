# Ratios: a row per cell with its interval, a line at 1, the groups' geometric means.
# Looks: 1 surely more, 2 surely less, 3 perhaps, 4 no difference shown, 5 mean; see plot_compare.c.
array look_color[5]
array look_point[5]
array look_word[5]
look_color[1] = 0xD55E00; look_point[1] = 9;  look_word[1] = 'surely '.word_up[1:strlen(word_up) - 2]
look_color[2] = 0x0072B2; look_point[2] = 11; look_word[2] = 'surely '.word_down[3:*]
look_color[3] = 0xE69F00; look_point[3] = 12; look_word[3] = 'perhaps'
look_color[4] = 0x7F7F7F; look_point[4] = 6;  look_word[4] = 'no difference shown'
look_color[5] = 0x000000; look_point[5] = 13; look_word[5] = 'geometric mean'
if (more_is_better > 0) { look_color[1] = 0x0072B2; look_color[2] = 0xD55E00 } # vermilion is the worse

panel = 1
load script_dir.'_marks.gp'
set lmargin at screen across(left_pixels)
set rmargin at screen across(width - right_pixels)
set tmargin at screen down(96)
set bmargin at screen down(height - 74)
set yrange [rows:0]
set border 1
unset ytics
set xlabel axis font text_font textcolor rgb ink offset 0, 0.3
set logscale x 10
from = axis_start
to = axis_end
set xrange [from:to]
if (to / from > 12) {
    load script_dir.'_log_tics.gp'
} else {
    # Few powers of ten lie in between: steps between tics that look alike, or equal ones near 1.
    set xtics ()
    if (to / from > 1.8) {
        do for [exponent = int(floor(log10(from))):int(ceil(log10(to)))] {
            do for [factor in "1 1.5 2 3 4 5 7"] {
                at_value = factor * 10.0 ** exponent
                if (at_value >= from && at_value <= to) { set xtics add (sprintf('%g', at_value) at_value) }
            }
        }
    } else {
        step = step_up((to - from) / 8)
        do for [i = int(ceil(from / step)):int(floor(to / step))] {
            set xtics add (sprintf('%g', i * step) i * step)
        }
    }
}
set grid xtics linestyle 1
set arrow 9500 from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2 back
set label 9501 word_down at first 1, graph 1 right offset -0.8, 0.6 font note_font textcolor rgb ink
set label 9502 word_up at first 1, graph 1 left offset 0.8, 0.6 font note_font textcolor rgb ink
do for [k = 1:5] {
    set label 9510 + k look_word[k] at screen across(24 + (k - 1) * 168), screen down(66) left \
        offset 1.2, 0 font note_font textcolor rgb ink point pointtype look_point[k] pointsize 1.1 \
        linecolor rgb look_color[k]
}
plot for [k = 1:5] table using ($5 == k ? $2 : NaN):1:3:4 with xerrorbars pointtype 0 \
        linewidth 1.3 linecolor rgb look_color[k], \
    for [k = 1:5] table using ($5 == k ? $2 : NaN):1 with points pointtype below(look_point[k]) \
        pointsize 1.1 linecolor rgb '#ffffff', \
    for [k = 1:5] table using ($5 == k ? $2 : NaN):1 with points pointtype look_point[k] \
        pointsize 1.1 linecolor rgb look_color[k]
