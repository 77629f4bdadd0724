#!/bin/bash
# Kills `make -j2 all` at many moments, and looks whether make again gives the bytes of an undisturbed run.
#
#   bash tests/crash/run.sh                 # forty moments on ten seconds of the sample film
#   MOMENTS=6 bash tests/crash/run.sh       # fewer
#
#   GOALS='style lighting' FLAGS=NETWORKS=none INSIDE='frame-extract dataset-write' bash tests/crash/run.sh    # in minutes
#
# BIN: folder of the tools [default: target/release]; MOMENTS: how many [40]; SECONDS_OF_FILM: how much of it [10];
# GOALS: what is made [all]; FLAGS: more settings of make; INSIDE: the tools inside which every other moment lies;
# WORK: folder to work in, kept if it is named [default: a new one, removed at the end unless something is wrong].
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(realpath "${BIN:-$root/target/release}")
moments=${MOMENTS:-40}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
work=$(realpath "$work")
ffmpeg=${FFMPEG:-$(command -v ffmpeg || echo "$root/models/runtime/ffmpeg")}
export BIN FFMPEG="$ffmpeg"
film=$work/film.mp4
wrong=0 right=0
# A lock of the GPU of its own: other runs on this machine are not waited for.
export XDG_RUNTIME_DIR=$work/runtime
mkdir -p "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR"

"$ffmpeg" -hide_banner -nostdin -v error -y -i "$root/examples/film/film.mp4" -t "${SECONDS_OF_FILM:-10}" -c copy "$film"

# all FOLDER CACHE: the data sets into FOLDER; a set that stays empty in so short a film ends its own part only
all() {
    XDG_CACHE_HOME=$2 exec make -C "$root" --no-print-directory -j2 -k ${GOALS:-all} SETTINGS=examples/film/film.mk \
        FILM="$film" OUT="$1" BIN="$BIN" NEEDS_DISK=0 ${FLAGS:-}
}

# What a run has made, a checksum a line. Not compared: progress and logs, which tell times; files under a
# name for the time of writing, which a kill leaves behind (`.part`), with the lists of what is being made.
made() {
    (cd "$1" && { find . -type f -not -path '*/logs/*' -not -path './logs/*' -not -name 'preparation_progress.json' -not -path ./overview.html \
        -not -name '*.part' -not -path '*/.dataset.part/*' -not -path './.make.lock' -print0 | sort -z | xargs -0 sha256sum
        find . -type l -not -name '.dataset.link' -printf '%p -> %l\n' | sort; })
}

done_phases() {
    local count
    count=$(grep -c '"status": "done"' "$1/preparation_progress.json" 2> /dev/null) || true
    echo "${count:-0}"
}
session() { ps -o pid= -s "$1" | tr -d ' '; }
# in_session SID NAME: whether a tool of that name runs there
in_session() { ps -o comm= -s "$1" | grep -qx "$2"; }

# One folder for all runs, as some files name it.
out=$work/out
echo "undisturbed: $out"
began=$SECONDS
(all "$out" "$work/cache.whole") > "$work/whole.log" 2>&1 && whole=0 || whole=$?
made "$out" > "$work/whole.sums"
total=$(done_phases "$out")
echo "undisturbed: $total phases done, $(wc -l < "$work/whole.sums") files, make ended with $whole, $((SECONDS - began)) s"
[ "$total" -gt 5 ] || { echo "too few phases ran to choose moments from: see $work/whole.log"; exit 1; }

read -ra inside <<< "${INSIDE:-dataset-write lama-inpaint plate-merge sam-mask mask-crop frame-extract}"
ways=(kill-all interrupt kill-make kill-tool)

# stop WAY SID TOOL: ends the run in one of four ways
stop() {
    case $1 in
        kill-all) session "$2" | xargs -r kill -KILL 2> /dev/null || true ;;     # the machine's out-of-memory killer, a lost session
        interrupt) kill -INT -- "-$2" 2> /dev/null || true ;;                    # Ctrl-C: make and the phases, which hand it on
        kill-make) kill -KILL "$2" 2> /dev/null || true ;;                       # the tools live on, and are waited for
        kill-tool) ps -o pid=,comm= -s "$2" | awk -v tool="$3" '$2 == tool || (tool == "" && $2 !~ /^(make|bash|sh|phase)$/) { print $1; exit }' \
            | xargs -r kill -KILL 2> /dev/null || true ;;
    esac
}

for moment in $(seq "$moments"); do
    way=${ways[$((moment % ${#ways[@]}))]}
    tool='' cache=$work/cache.$moment
    rm -rf "$out" "$cache"
    # Half of the runs find all answers remembered, and pass the networks quickly.
    [ $((moment / 4 % 2)) = 0 ] || [ ! -d "$work/cache.whole" ] || cp -a "$work/cache.whole" "$cache"
    # A shell starts what is in the background deaf to Ctrl-C.
    env --default-signal=INT,QUIT setsid bash -c "$(declare -f all); root='$root' film='$film'; all '$out' '$cache'" > "$work/out.$moment.log" 2>&1 &
    sid=$!
    if [ $((moment % 2)) = 0 ]; then
        tool=${inside[$((moment / 2 % ${#inside[@]}))]}
        while kill -0 "$sid" 2> /dev/null && ! in_session "$sid" "$tool"; do sleep 0.02; done
        sleep "0.0$((moment * 37 % 100))"
        place="inside $tool"
    else
        place="at phase $((moment * total / (moments + 1)))"
        while kill -0 "$sid" 2> /dev/null && [ "$(done_phases "$out")" -lt $((moment * total / (moments + 1))) ]; do sleep 0.05; done
    fi
    at=$(done_phases "$out")
    stop "$way" "$sid" "$tool"
    wait "$sid" 2> /dev/null || true
    [ "$way" != interrupt ] || while [ -n "$(session "$sid")" ]; do sleep 0.1; done
    (all "$out" "$cache") > "$work/again.$moment.log" 2>&1 && again=0 || again=$?
    made "$out" > "$work/again.sums"
    strays=$(find "$out" -name '*.part' | wc -l)
    if [ "$again" = "$whole" ] && cmp -s "$work/whole.sums" "$work/again.sums"; then
        right=$((right + 1))
        echo "ok    $moment: $way $place, $at of $total phases done; the same $(wc -l < "$work/again.sums") files, $strays strays"
        rm -rf "$cache" "$work/out.$moment.log" "$work/again.$moment.log"
    else
        wrong=$((wrong + 1))
        echo "WRONG $moment: $way $place, $at of $total phases done; make ended with $again: see $work/again.$moment.log"
        diff "$work/whole.sums" "$work/again.sums" | head -n 5 || true
    fi
done
echo "== $right of $moments moments gave the same bytes"
[ "$wrong" = 0 ] || exit 1
[ -n "${WORK:-}" ] || rm -rf "$work"
