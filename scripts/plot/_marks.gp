# Sets the texts of panel number `panel`; see enum mark_kind in harness/present/plot_page.h.
# A script with a legend sets legend_left and legend_top (pixels) before. Titles and captions of the page are set with the first panel only.
if (panel > 1) { unset label }
do for [i = 1:marks] {
    if (mark_panel[i] == panel) {
        k = mark_kind[i]; x = mark_x[i]; y = mark_y[i]; t = mark_text[i]
        if (k == 1) { set label i t at graph 0, first y right offset -0.8, 0 font text_font textcolor rgb ink }
        if (k == 2) { set label i t at screen across(16), first y left font heading_font textcolor rgb ink boxed front }
        if (k == 3) { set label i t at first (x > axis_from ? x : axis_from), first y left offset 0.8, 0 font text_font textcolor rgb ink }
        if (k == 4) { set label i t at graph 1, first y left offset 0.8, 0 font text_font textcolor rgb ink }
        if (k == 5) { set label i t at graph 0, graph 1 left offset 0, title_lift font heading_font textcolor rgb ink }
        if (k == 6) { set label i t at first x, graph 1 left rotate by 30 offset 0, 0.6 font text_font textcolor rgb ink }
        if (k == 7) { set label i t at first x, first y center font text_font textcolor rgb ink front }
        if (k == 8) { set label i t at first x, first y center font text_font textcolor rgb '#ffffff' front }
        if (k == 9) { set label i t at screen across(legend_left), screen down(legend_top + 20 * y) left offset 1.4, 0 font text_font \
            textcolor rgb ink point pointtype strategy_point[int(x)] pointsize 1.1 \
            linecolor rgb strategy_color[int(x)] }
        if (k == 11) { set label i t at screen across(legend_left - 8), screen down(legend_top) left font note_font textcolor rgb '#555555' }
        if (k == 10) { set label i t at graph 0, graph 1 left offset 0, 0.7 font note_font textcolor rgb ink }
    }
}
