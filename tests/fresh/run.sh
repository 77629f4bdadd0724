#!/usr/bin/env bash
# The README's commands on a machine that has Rust, a C compiler, make and Python and nothing else: a bare
# Debian in a chroot, with a clone of this commit and no built files beside it. README.md tells what is wanted.
set -euo pipefail

usage() {
    echo 'usage: run.sh FOLDER MIRROR [named|setup|user|demo|test]...   (needs root, debootstrap and overlay mounts)' >&2
    exit 2
}
[ $# -ge 2 ] && [ "$(id -u)" = 0 ] && command -v debootstrap > /dev/null || usage
folder=$(mkdir -p "$1" && cd "$1" && pwd)
mirror=$2
shift 2
[ $# -gt 0 ] || set -- named setup user
repository=$(cd "$(dirname "$0")/../.." && pwd)
suite=${SUITE:-bookworm}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
toolchain=$(cd "$repository" && dirname "$(dirname "$(rustup which cargo 2> /dev/null || command -v cargo)")")
base=$folder/$suite
machine=$folder/machine

say() { printf 'fresh: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }

# What the README asks for, and not a package more. Python comes without pip, ensurepip, jq or git beside it.
if [ ! -e "$base.whole" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase --include=gcc,libc6-dev,make,python3,ca-certificates "$suite" "$base" "$mirror" > "$base.log" 2>&1 \
        || fail "debootstrap: $base.log"
    touch "$base.whole"
fi

close() {
    local mount
    for mount in "$machine"/opt/rust "$machine"/opt/tools "$machine"/dev "$machine"/proc "$machine"; do
        ! mountpoint -q "$mount" || umount "$mount"
    done
    rm -rf "$folder/upper" "$folder/work"
}
trap close EXIT

# new_machine USER: the base, with nothing of an earlier run on it, and a clone that USER owns.
new_machine() {
    local user=$1
    close
    mkdir -p "$folder/upper" "$folder/work" "$machine"
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$machine"
    mount -t proc proc "$machine/proc"
    mount --bind /dev "$machine/dev"
    mkdir -p "$machine/opt/rust" "$machine/home/someone/film2lora"
    mount --bind "$toolchain" "$machine/opt/rust" && mount -o remount,bind,ro "$machine/opt/rust"
    if [ -n "${TOOLS:-}" ]; then
        mkdir -p "$machine/opt/tools"
        mount --bind "$TOOLS" "$machine/opt/tools" && mount -o remount,bind,ro "$machine/opt/tools"
    fi
    cp /etc/resolv.conf "$machine/etc/resolv.conf"
    # How this machine reaches the network: certificates, and settings of cargo and pip.
    cp -L /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/ca-certificates.crt"
    mkdir -p "$machine/home/someone/.cargo"
    for file in config.toml config; do
        [ ! -f "$cargo_home/$file" ] || cp "$cargo_home/$file" "$machine/home/someone/.cargo/"
    done
    # Crates that were downloaded already are spared the network; none of them is built.
    if [ -d "$cargo_home/registry/cache" ]; then
        mkdir -p "$machine/home/someone/.cargo/registry"
        cp -a "$cargo_home/registry/cache" "$machine/home/someone/.cargo/registry/"
    fi
    git -C "$repository" archive HEAD | tar -x -C "$machine/home/someone/film2lora"
    echo 'someone:x:1000:1000::/home/someone:/bin/bash' >> "$machine/etc/passwd"
    chown -R "$user" "$machine/home/someone"
}

# within USER COMMAND: in the clone, with an environment of its own.
within() {
    local user=$1 pass=() name
    for name in http_proxy https_proxy no_proxy PIP_CERT PIP_INDEX_URL PIP_DEFAULT_TIMEOUT SSL_CERT_FILE CARGO_HTTP_CAINFO CARGO_BUILD_JOBS; do
        [ -z "${!name:-}" ] || pass+=("$name=${!name}")
    done
    chroot --userspec="$user" "$machine" /usr/bin/env -i HOME=/home/someone LANG=C.UTF-8 ${pass[@]+"${pass[@]}"} \
        PATH="${WITHIN_PATH:-/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}" \
        /bin/bash -c "cd /home/someone/film2lora && $2"
}

milliseconds() { date +%s%3N; }

# What `make setup` cannot install is listed at once, all of it.
named() {
    new_machine 0:0
    local said from
    rm "$machine"/usr/bin/gcc* "$machine"/usr/bin/cc "$machine"/usr/bin/python3*
    from=$(milliseconds)
    said=$(WITHIN_PATH=/usr/bin:/bin within 0:0 'make demo' 2>&1) && fail "demo without a compiler: $said"
    say "named after $(($(milliseconds) - from)) ms:"
    printf '%s\n' "$said"
    for word in 'C compiler' Python Rust 'apt-get install' 'dnf install' 'pacman -S' 'brew install'; do
        grep -q -- "$word" <<< "$said" || fail "$word is not named"
    done
}

# set_up USER: everything else comes, the second time is nothing, and the crate that wants CMake builds with SIMD.
set_up() {
    new_machine "$1"
    local from
    from=$(milliseconds)
    within "$1" 'make setup' || fail "make setup"
    say "make setup: $(($(milliseconds) - from)) ms"
    from=$(milliseconds)
    [ -z "$(within "$1" 'make setup' 2>&1)" ] || fail "make setup does something again"
    say "make setup again: $(($(milliseconds) - from)) ms"
    within "$1" 'PATH=$PATH:$PWD/models/runtime/bin; cmake --version | head -n 1; nasm -v; jq --version; models/runtime/ffmpeg -version | head -n 1'
    from=$(milliseconds)
    within "$1" 'PATH=$PATH:$PWD/models/runtime/bin; nice -n 10 cargo build --locked --quiet -p turbojpeg-sys' || fail "cargo build -p turbojpeg-sys"
    say "libjpeg-turbo was built: $((($(milliseconds) - from) / 1000)) s"
    [ "$(uname -m)" != x86_64 ] \
        || within "$1" 'ls target/debug/build/turbojpeg-sys-*/out/build/simd/CMakeFiles/simd.dir/x86_64/*.asm.o | wc -l' \
        || fail "libjpeg-turbo was built without SIMD"
}

# command_of_the_readme COMMAND: one of the README's two, on a machine of its own.
command_of_the_readme() {
    new_machine 1000:1000
    local from
    from=$(milliseconds)
    within 1000:1000 "nice -n 10 $1" || fail "$1"
    say "$1: $((($(milliseconds) - from) / 1000)) s"
}

for part; do
    say "--- $part"
    case $part in
        named) named ;;
        setup) set_up 0:0 ;;
        user) set_up 1000:1000 ;;
        demo) command_of_the_readme "make demo${TOOLS:+ BIN=/opt/tools}" && within 1000:1000 'ls out/demo/*/report.html out/demo/character/*/report.html' ;;
        test) command_of_the_readme 'env CI=true make test' ;;
        *) usage ;;
    esac
done
say 'all parts passed'
