# An event per operation: a page per event.
load script_dir.'_dots.gp'
