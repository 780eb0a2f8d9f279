# CPU time over wall time.
load script_dir.'_dots.gp'
