# Sent as the text of `sh -c`. Arguments: size in bytes, machine, SHA-256, name of a directory to make, `key` or `none`,
# directories to try, --, the arguments of the program. Its input: with `key` a line that is one, the program, and behind it
# nothing until we are gone. The key comes first: what reads the program may read more than it was told to.
umask 077
trap '' PIPE
size=$1 arch=$2 sum=$3 name=$4 key=
[ "$5" = none ] || IFS= read -r key
shift 5
say() { echo "paramedic-inject: $*" >&2; }
for tool in uname head mkdir chmod rm wc; do
  command -v "$tool" >/dev/null 2>&1 || { say "tool $tool"; exit 90; }
done
here=$(uname -m)
[ "$here" = "$arch" ] || { say "arch $here"; exit 91; }
at=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  dir=$1
  shift
  [ "$dir" != @TMPDIR ] || dir=${TMPDIR:-}
  [ -z "$at" ] && [ -n "$dir" ] && [ -d "$dir" ] || continue
  new=${dir%/}/$name
  mkdir "$new" 2>/dev/null || continue
  # A directory may be writable and yet forbid programs: only running one tells.
  if { printf '#!/bin/sh\nexit 0\n' >"$new/try" && chmod 700 "$new/try" && "$new/try"; } 2>/dev/null; then
    at=$new
    rm -f "$new/try"
  else
    rm -rf "$new"
  fi
done
shift
[ -n "$at" ] || { say "nowhere"; exit 92; }
gone() {
  rm -rf "$at" 2>/dev/null
  if [ -e "$at" ]; then say "left $at"; else say "removed $at"; fi
}
trap 'gone; exit 3' HUP INT TERM
head -c "$size" >"$at/paramedic" 2>/dev/null
have=$(wc -c <"$at/paramedic")
if [ "$((have))" -ne "$size" ]; then
  say "cut $((have))"
  gone
  exit 93
fi
if command -v sha256sum >/dev/null 2>&1; then
  case $(sha256sum <"$at/paramedic") in
    "$sum"*) ;;
    *) say "sum"; gone; exit 93 ;;
  esac
fi
chmod 700 "$at/paramedic"
if ! words=$("$at/paramedic" --version 2>&1 </dev/null); then
  say "runs $words"
  gone
  exit 94
fi
say "at $at"
if [ -n "$key" ]; then
  PARAMEDIC_COMPARE_KEY=$key "$at/paramedic" "$@"
else
  "$at/paramedic" "$@"
fi
code=$?
gone
exit "$code"
