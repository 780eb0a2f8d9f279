# What every picture shares: the terminal, the lettering, title and caption, colours, margins.
#
# Set before: format ('svg' or 'png'), name, title, subtitle, caption, width, height (pixels at scale 1),
# strategies with strategy_name, strategy_color, strategy_point, strategy_dash, and the marks.
# noenhanced everywhere: names of strategies hold underscores, carets and braces.

if (format eq 'png') {
    set terminal pngcairo noenhanced size 1.5 * width, 1.5 * height font 'DejaVu Sans,9' \
        fontscale 1.5 linewidth 1.5 background rgb '#ffffff'
} else {
    set terminal svg noenhanced size width, height font 'DejaVu Sans,12' linewidth 1 \
        background rgb '#ffffff'
}
set encoding utf8
set output name.'.'.format
set datafile separator '\t'
set datafile commentschars '#'
set datafile missing NaN

# Places on the page, in pixels from its upper left corner.
across(x) = x / width
down(y) = 1 - y / height

title_lift = 0.7  # lines between a panel and its title
axis_from = 0 # where bars begin; a logarithmic axis begins higher
ink = '#222222'
faint = '#dddddd'
set border 3 linecolor rgb '#888888'
set tics nomirror textcolor rgb ink
set style line 1 linecolor rgb faint linewidth 0.7
set grid noxtics noytics linestyle 1
set key off
set bars small
set style textbox opaque noborder fillcolor rgb '#ffffff' margins 0.3, 0.3

heading_font = format eq 'png' ? 'DejaVu Sans:Bold,9' : 'DejaVu Sans:Bold,12'
title_font = format eq 'png' ? 'DejaVu Sans:Bold,12' : 'DejaVu Sans:Bold,16'
text_font = format eq 'png' ? 'DejaVu Sans,9' : 'DejaVu Sans,12'
note_font = format eq 'png' ? 'DejaVu Sans,8' : 'DejaVu Sans,10.5'

set label 9001 title at screen across(16), screen down(22) left font title_font textcolor rgb ink
set label 9002 subtitle at screen across(16), screen down(43) left font note_font textcolor rgb '#555555'
set label 9003 caption at screen across(16), screen down(height - 14) left font note_font \
    textcolor rgb '#555555'

# The filled twin of an open point: drawn white below it, no line shows through.
below(p) = p == 4 ? 5 : p == 6 ? 7 : p == 8 ? 9 : p == 10 ? 11 : p == 12 ? 13 : p

# The nearest of 1, 2 and 5 times a power of ten that is below, above: never the number itself, so that
# a range between the two is never empty.
mantissa(x) = x / 10 ** floor(log10(x))
step_down(x) = 10 ** floor(log10(x)) * (mantissa(x) >= 5 ? 5 : mantissa(x) >= 2 ? 2 : 1)
step_up(x) = 10 ** floor(log10(x)) * (mantissa(x) <= 1 ? 1 : mantissa(x) <= 2 ? 2 : mantissa(x) <= 5 ? 5 : 10)
nice_below(x) = step_down(x * 0.99)
nice_above(x) = step_up(x * 1.01)
