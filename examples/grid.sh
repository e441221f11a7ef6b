#!/bin/sh
# grid.sh CORPUS RUNS [AT_ONCE]: trains three cells in two sizes, then prints a table.
#
# AT_ONCE trainings run at the same time, by default as many as there are cores.
#
# After it was stopped, start it again with the same command: finished runs are skipped, the others
# are resumed.
set -eu
corpus=${1:?usage: grid.sh CORPUS RUNS [AT_ONCE]} runs=${2:?usage: grid.sh CORPUS RUNS [AT_ONCE]} at_once=${3:-$(nproc)}
here=$(dirname "$0")
export CHARRNN_TRAIN_WORKERS=1 # one core for each training
export CHARRNN_TRAIN_QUIET=1   # the output of several would be mixed; errors are printed

for cell in rnn gru lstm; do
    for hidden in 64 128; do
        echo "$cell $hidden"
    done
done | xargs -P "$at_once" -L 1 sh -c '
    "$1/begin-or-resume.sh" "$2/$4-$5" "$3" --cell "$4" --hidden "$5" > /dev/null
' one "$here" "$runs" "$corpus"
charrnn inspect runs "$runs"
