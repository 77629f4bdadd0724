#!/bin/bash
# Makes data sets on a file system without hard links, symbolic links, case and colons, and compares them with those made here.
#
#   bash tests/exfat/run.sh FOLDER          # needs root, exfat-fuse and exfatprogs
#
# BIN: folder of the tools [default: target/release]; SECONDS_OF_FILM: how much of the sample film [10]; GOALS: what is made [all];
# FLAGS: more settings of make.
set -eu -o pipefail
[ $# = 1 ] && [ "$(id -u)" = 0 ] || { echo 'usage: run.sh FOLDER   (needs root, exfat-fuse and exfatprogs)' >&2; exit 2; }
for program in mkfs.exfat mount.exfat-fuse losetup; do
    command -v "$program" > /dev/null || { echo "$program: not found: install exfat-fuse, exfatprogs and mount" >&2; exit 2; }
done
root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(realpath "${BIN:-$root/target/release}")
folder=$(mkdir -p "$1" && cd "$1" && pwd)
disk=$folder/disk
ffmpeg=${FFMPEG:-$(command -v ffmpeg || echo "$root/models/runtime/ffmpeg")}
export BIN FFMPEG="$ffmpeg"

truncate -s 4G "$folder/disk.image"
mkfs.exfat "$folder/disk.image" > /dev/null
device=$(losetup -f --show "$folder/disk.image")
mkdir -p "$disk"
close() { umount "$disk" 2> /dev/null || true; losetup -d "$device" || true; }
trap close EXIT
mount.exfat-fuse "$device" "$disk" > /dev/null
touch "$disk/Case"
[ -e "$disk/case" ] && ! ln "$disk/Case" "$disk/link" 2> /dev/null && ! ln -s Case "$disk/link" 2> /dev/null \
    || { echo "$disk: has case or links: this tests nothing" >&2; exit 1; }

"$ffmpeg" -hide_banner -nostdin -v error -y -i "$root/examples/film/film.mp4" -t "${SECONDS_OF_FILM:-10}" -c copy "$folder/film.mp4"

# all OUT LOG: the data sets into OUT; one that stays empty in so short a film ends its own part only
all() {
    XDG_CACHE_HOME=$folder/cache make -C "$root" --no-print-directory -j2 -k ${GOALS:-all} SETTINGS=examples/film/film.mk FILM="$folder/film.mp4" \
        OUT="$1" BIN="$BIN" NEEDS_DISK=0 ${FLAGS:-} > "$2" 2>&1
}

# made OUT: what a run has made, a checksum a line. Evened out are the path of OUT, and the name of the newest data set, to which a
# link leads here, and which is in a file there; and names in capitals, which are the same file there. Without hard links the store
# keeps no second copy of what a data set has.
made() {
    (cd "$1" && find . -type f -not -path '*/logs/*' -not -name preparation_progress.json -not -path ./overview.html \
        -not -name .make.lock -not -name dataset.txt -not -path '*/store/*' -print | LC_ALL=C sort \
        | while IFS= read -r file; do
            sum=$(sed -E "s#$1#OUT#g; s#dataset-[0-9a-f]{10}#dataset#g; s#[.]PNG#.png#g" "$file" | sha256sum | cut -c1-64)
            printf '%s %s\n' "$sum" "$(printf '%s' "$file" | sed -E 's#dataset-[0-9a-f]{10}#dataset#')"
        done)
}

status=0
for place in "$folder/here" "$disk/there"; do
    all "$place" "$folder/${place##*/}.log" && rc=0 || rc=$?
    echo "$place: make ended with $rc"
    made "$place" > "$folder/${place##*/}.sums"
    [ -s "$folder/${place##*/}.sums" ] || { echo "WRONG: nothing was made: $folder/${place##*/}.log"; status=1; }
done
if ! diff "$folder/here.sums" "$folder/there.sums" > "$folder/differences"; then
    echo "WRONG: $(grep -c '^[<>]' "$folder/differences") lines differ: $folder/differences"
    status=1
fi
all "$disk/there" "$folder/again.log" && rc=0 || rc=$?
echo "made again: make ended with $rc"
made "$disk/there" | cmp -s - "$folder/there.sums" || { echo 'WRONG: made again, it differs'; status=1; }
# Two makes at once exclude each other here, too.
all "$disk/there" "$folder/one.log" & all "$disk/there" "$folder/two.log" || true
wait || true
grep -h 'waiting' "$folder/one.log" "$folder/two.log" || { echo 'WRONG: neither of two makes waited'; status=1; }
[ "$status" = 0 ] && echo "$(wc -l < "$folder/there.sums") files, the same bytes" || exit 1
