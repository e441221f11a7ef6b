#!/bin/sh
# seeds.sh CORPUS RUNS: the same training with three seeds, one after the other.
#
# Ctrl-C saves and stops the training, and the loop with it. The same command then resumes.
set -eu
corpus=${1:?usage: seeds.sh CORPUS RUNS} runs=${2:?usage: seeds.sh CORPUS RUNS}
here=$(dirname "$0")

for seed in 0 1 2; do
    "$here/begin-or-resume.sh" "$runs/seed-$seed" "$corpus" --seed "$seed"
done
charrnn inspect runs "$runs"
