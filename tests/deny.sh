#!/usr/bin/env bash
# Checks the licences, bans and sources of all crates as deny.toml says: `make deny`. Advisories are left out, as
# their database is a repository to be cloned, which needs git and the network.
#
# cargo-deny is built where there is none of this version, without optimising: that takes a minute or two on two
# cores, and is kept in the user's cache for every clone.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
home=${XDG_CACHE_HOME:-$HOME/.cache}/film2lora/cargo-deny-$version
if cargo deny --version 2> /dev/null | grep -qx "cargo-deny $version"; then
    deny=(cargo deny)
else
    if [ ! -x "$home/bin/cargo-deny" ]; then
        echo "deny: building cargo-deny $version" >&2
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            CARGO_TARGET_DIR="$PWD/target/cargo-deny" \
            cargo install cargo-deny --quiet --locked --version "$version" --root "$home"
        rm -rf target/cargo-deny
    fi
    deny=("$home/bin/cargo-deny")
fi
"${deny[@]}" --log-level warn check --hide-inclusion-graph bans licenses sources
