#!/bin/sh
# grid.sh CORPUS RUNS [AT_ONCE]: three cells in two sizes, some AT_ONCE (one a core), then a table.
#
# However it was stopped, the same command goes on: finished runs are skipped, others resumed.
set -eu
corpus=${1:?usage: grid.sh CORPUS RUNS [AT_ONCE]} runs=${2:?usage: grid.sh CORPUS RUNS [AT_ONCE]} at_once=${3:-$(nproc)}
here=$(dirname "$0")
export CHARRNN_TRAIN_WORKERS=1 # a core each
export CHARRNN_TRAIN_QUIET=1   # several at once would talk over each other; errors are told

for cell in rnn gru lstm; do
    for hidden in 64 128; do
        echo "$cell $hidden"
    done
done | xargs -P "$at_once" -L 1 sh -c '
    "$1/begin-or-resume.sh" "$2/$4-$5" "$3" --cell "$4" --hidden "$5" > /dev/null
' one "$here" "$runs" "$corpus"
charrnn inspect runs "$runs"
