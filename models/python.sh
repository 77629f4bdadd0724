# shellcheck shell=bash
# For scripts to source: pip, wherever it is. Debian and its kin split pip, ensurepip and venv off Python;
# pip's own wheel runs as it is, whether ensurepip has it or the distribution's package.

python=${PYTHON:-python3}
runtime=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/runtime

say() { printf 'setup: %s\n' "$*" >&2; }

# Where pip's wheel lies, if anywhere: with ensurepip, where distributions keep it, where setup unpacked it.
pip_wheel() {
    "$python" - "$runtime/distribution/usr/share/python-wheels" <<'PYTHON'
import glob, importlib.util, os, sys

ensurepip = importlib.util.find_spec("ensurepip")
own = [os.path.join(os.path.dirname(ensurepip.origin), "_bundled")] if ensurepip else []
for folder in own + ["/usr/share/python-wheels", sys.argv[1]]:
    for wheel in sorted(glob.glob(os.path.join(glob.escape(folder), "pip-*.whl"))):
        print(wheel)
        sys.exit()
PYTHON
}

# pip, as a module of Python's or out of its wheel.
pip() {
    if "$python" -m pip --version > /dev/null 2>&1; then
        "$python" -m pip --disable-pip-version-check "$@"
    else
        PYTHONPATH=$(pip_wheel) "$python" -m pip --disable-pip-version-check "$@"
    fi
}

# Unpacks packages of a Debian-like distribution into models/runtime/distribution/ and installs nothing: as
# any user, with lists of packages of its own where the machine's are not there.
unpack() {
    command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || return 1
    local folder package own
    folder=$(mktemp -d "$runtime/.packages.XXXXXX")
    own=(-qq -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User="$(id -un)")
    if ! (cd "$folder" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$@") > /dev/null 2>&1; then
        mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
        (cd "$folder" && apt-get "${own[@]}" update && apt-get "${own[@]}" download "$@") > /dev/null 2>&1 \
            || { rm -rf "$folder"; return 1; }
    fi
    for package in "$folder"/*.deb; do
        dpkg-deb -x "$package" "$runtime/distribution"
    done
    rm -rf "$folder"
}

# Installs packages where this user may: as root, or with Homebrew.
install_packages() {
    if [ "$(id -u)" != 0 ]; then
        command -v brew > /dev/null && brew install --quiet "$@" >&2
    elif command -v apt-get > /dev/null; then
        local flags=(-y -qq -o Dpkg::Use-Pty=0 --no-install-recommends)
        export DEBIAN_FRONTEND=noninteractive
        apt-get install "${flags[@]}" "$@" > /dev/null 2>&1 \
            || { apt-get update -qq > /dev/null 2>&1; apt-get install "${flags[@]}" "$@" > /dev/null 2>&1; }
    elif command -v dnf > /dev/null; then
        dnf install -y -q "$@" >&2
    elif command -v pacman > /dev/null; then
        pacman -S --noconfirm --needed "$@" >&2
    elif command -v zypper > /dev/null; then
        zypper --non-interactive --quiet install "$@" >&2
    else
        return 1
    fi
}

# Makes sure that pip runs.
need_pip() {
    ! "$python" -m pip --version > /dev/null 2>&1 && [ -z "$(pip_wheel)" ] || return 0
    say "Python has no pip: unpacking one for this folder only"
    unpack python3-pip-whl || unpack python-pip-whl || install_packages python3-pip || install_packages python-pip || true
    if ! "$python" -m pip --version > /dev/null 2>&1 && [ -z "$(pip_wheel)" ]; then
        say "pip could not be unpacked: install it (apt-get install python3-pip, dnf install python3-pip, pacman -S python-pip, brew install python)"
        return 1
    fi
}
