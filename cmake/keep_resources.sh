#!/bin/sh
# keep_resources.sh FOLDER SOURCE COMPILER...: compiles, and moves what ptxas says of registers and spills out of the
# console into FOLDER, in a file named after the source: csrc/cuda/conv2d/gather.cu -> FOLDER/conv2d/gather.txt.
set -u
stem=${2##*csrc/cuda/}
report=$1/${stem%.*}.txt
shift 2
said=$("$@" 2>&1)
status=$?
resources='^ptxas info    :|^ +[0-9]+ bytes stack frame'
mkdir -p "${report%/*}"
printf '%s\n' "$said" | grep -E "$resources" | grep -v 'Compile time' >"$report" || rm -f "$report"
printf '%s' "$said" | grep -vE "$resources" >&2
exit $status
