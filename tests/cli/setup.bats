# scripts/setup on machines that lack something: dpkg and the user are pretended, nothing is installed.
load helpers

setup_script=$HEAPMARK_TEST_SOURCE/../../scripts/setup

# A PATH with only what the script calls; dpkg-query knows every package but those in ./lacking.
pretend() {
    local tool
    mkdir -p tools
    for tool in bash cat cut grep tr; do
        ln -sf "$(command -v "$tool")" "tools/$tool"
    done
    cat >tools/dpkg-query <<'SH'
#!/bin/sh
case "$*" in *Provides*) exit 0 ;; esac
for package; do :; done
grep -qx -- "$package" lacking || printf installed
SH
    printf '#!/bin/sh\necho 1000\n' >tools/id
    chmod +x tools/dpkg-query tools/id
    printf '%s\n' "$@" >lacking
}

set_up() {
    status=0
    out=$(env PATH="$PWD/tools" bash "$setup_script" "$@" 2>err.txt) || status=$?
    err=$(cat err.txt)
}

@test "setup is done where everything is there" {
    pretend nothing
    set_up
    [ "$status" -eq 0 ]
    [ "$out" = 'setup: everything is installed' ]
}

@test "setup without root prints the command that installs what is missing, and no more" {
    pretend ninja-build golang-go
    set_up
    [ "$status" -eq 4 ]
    [[ $err == *'apt-get install -y --no-install-recommends ninja-build golang-go' ]]
}

@test "setup leaves a Go that is on PATH alone, whoever installed it" {
    pretend golang-go
    printf '#!/bin/sh\n' >tools/go
    chmod +x tools/go
    set_up
    [ "$status" -eq 0 ]
    [ "$out" = 'setup: everything is installed' ]
}

@test "setup lists packages with what each is for" {
    pretend nothing
    set_up --list
    [ "$status" -eq 0 ]
    [ "$(grep -c . <<<"$out")" -eq "$(grep -cP '^[a-z0-9.+-]+\t[^\t|]+$' <<<"$out")" ]
    grep -qP '^golang-go\t.*any go on PATH is used instead$' <<<"$out"
}
