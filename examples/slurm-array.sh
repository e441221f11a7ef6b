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
# sbatch slurm-array.sh CORPUS RUNS: the grid on a cluster, one training in each task.
#
# SLURM signals each task a minute before its time limit; the training then saves and stops. Submitted
# or queued again, it resumes. It uses as many workers as --cpus-per-task allows. SLURM runs a copy of
# this file from another folder, so begin-or-resume.sh is looked up in the folder of sbatch's caller.
set -eu
corpus=$1 runs=$2
task=${SLURM_ARRAY_TASK_ID:?is set by sbatch}
here=${SLURM_SUBMIT_DIR:?is set by sbatch}/examples

set -- rnn gru lstm
shift $((task / 2))
cell=$1
hidden=$((64 << task % 2))

# exec replaces this shell, so that the signal reaches the training
exec "$here/begin-or-resume.sh" "$runs/$cell-$hidden" "$corpus" --cell "$cell" --hidden "$hidden"
