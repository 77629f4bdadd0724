#!/usr/bin/env bash
# Names all at once what `make setup` cannot install itself, and the commands that can: Rust, a C compiler,
# Python, and a GNU make that is new enough; the last two alone where film2lora was installed, and nothing is built.
# Called with make's version. Exit: 0 all there, 1 something is not.
set -uo pipefail

make_version=${1:-}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
builds=
[ ! -f "$here/../Cargo.toml" ] || builds=yes
# Debian 11, Ubuntu 22.04 and RHEL 9 have this one; macOS has 3.81.
oldest_make=4.3
oldest_python=3.9

missing=() apt=() dnf=() pacman=() brew=()
note=

# lacks WHAT APT DNF PACMAN BREW: the packages that have it.
lacks() {
    missing+=("$1") apt+=("$2") dnf+=("$3") pacman+=("$4") brew+=("$5")
}

# Whether version $1 is $2 or newer; both have a major and a minor number.
reaches() {
    local major=${1%%.*} minor=${1#*.} wanted=${2%%.*}
    minor=${minor%%[!0-9]*}
    [ "$major" -gt "$wanted" ] || { [ "$major" -eq "$wanted" ] && [ "${minor:-0}" -ge "${2#*.}" ]; }
}

# A compiler without the C library's headers, as some distributions split them, builds nothing.
compiles() {
    local work well=1
    work=$(mktemp -d) || return 1
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' > "$work/a.c"
    cc -o "$work/a" "$work/a.c" > /dev/null 2>&1 && well=0
    rm -rf "$work"
    return $well
}

if [ -n "$make_version" ] && ! reaches "$make_version" $oldest_make; then
    lacks "GNU make $oldest_make or newer: this is $make_version (on macOS, \`gmake\` is the newer one, once it is installed)" make make make make
fi

if [ -z "$builds" ]; then
    :
elif ! command -v cc > /dev/null; then
    lacks "a C compiler: \`cc\` was not found" "gcc libc6-dev" gcc gcc gcc
elif ! compiles; then
    lacks "a C compiler: \`cc\` cannot build a program (check that the C library's headers are installed)" "gcc libc6-dev" "gcc glibc-devel" "gcc glibc" gcc
fi

if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null); then
    lacks "Python $oldest_python or newer: \`$python\` was not found" python3 python3 python python
elif ! reaches "$version" $oldest_python; then
    lacks "Python $oldest_python or newer: this is $version (PYTHON names another)" python3 python3 python python
elif ! "$python" -c 'import hashlib, ssl, venv, zipfile' 2> /dev/null; then
    lacks "Python's standard library: \`$python\` has only part of it" python3 python3 python python
fi

look_for_rust() {
    local rust version
    # 1.95 of `rust-version = "1.95"`.
    rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$here/../Cargo.toml")
    if ! command -v cargo > /dev/null; then
        if [ -x "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo" ]; then
            missing+=("Rust on the PATH: cargo is in ${CARGO_HOME:-$HOME/.cargo}/bin: export PATH=\"${CARGO_HOME:-$HOME/.cargo}/bin:\$PATH\"")
        else
            lacks "Rust $rust or newer: \`cargo\` was not found" rustup rustup rustup rustup
            note="apt has rustup from Debian 13 and Ubuntu 24.04 on; https://rustup.rs has it for every system"
        fi
    elif ! version=$(cd "$here/.." && cargo --version 2> /dev/null); then
        missing+=("Rust $rust or newer: \`cargo --version\` fails in this folder: rustup toolchain install")
    else
        version=${version#cargo }
        if ! reaches "$version" "$rust"; then
            lacks "Rust $rust or newer: this is ${version%% *}" rustup rustup rustup rustup
            note="apt has rustup from Debian 13 and Ubuntu 24.04 on; https://rustup.rs has it for every system"
        fi
    fi
}
[ -z "$builds" ] || look_for_rust

[ ${#missing[@]} -gt 0 ] || exit 0
{
    printf 'setup: missing, and `make setup` cannot install it:\n'
    printf 'setup:   %s\n' "${missing[@]}"
    if [ ${#apt[@]} -gt 0 ]; then
        printf 'setup: install it with one of these, then run make again:\n'
        printf 'setup:   apt-get install %s\n' "${apt[*]}"
        printf 'setup:   dnf install %s\n' "${dnf[*]}"
        printf 'setup:   pacman -S %s\n' "${pacman[*]}"
        printf 'setup:   brew install %s\n' "${brew[*]}"
        [ -z "$note" ] || printf 'setup: %s\n' "$note"
    fi
} >&2
exit 1
