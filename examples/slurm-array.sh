#!/bin/sh
#SBATCH --job-name=charrnn
#SBATCH --array=0-5
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --time=01:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A-%a.log
# sbatch slurm-array.sh CORPUS RUNS: the grid on a cluster, a training a task.
#
# A minute before its time is over a task is told to stop, and saves; submitted or queued again, it
# goes on. The workers are as many as --cpus-per-task allows. SLURM runs a copy of this file from
# elsewhere, so begin-or-resume.sh is sought in the folder that sbatch was called in.
set -eu
corpus=$1 runs=$2
task=${SLURM_ARRAY_TASK_ID:?is set by sbatch}
here=${SLURM_SUBMIT_DIR:?is set by sbatch}/examples

set -- rnn gru lstm
shift $((task / 2))
cell=$1
hidden=$((64 << task % 2))

# exec, so that the signal reaches the training itself
exec "$here/begin-or-resume.sh" "$runs/$cell-$hidden" "$corpus" --cell "$cell" --hidden "$hidden"
