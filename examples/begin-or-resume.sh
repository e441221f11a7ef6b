#!/bin/sh
# begin-or-resume.sh RUN CORPUS [OPTION]...: one training that may be started again and again.
#
# It begins in the folder RUN, or goes on where it stopped there; a finished one says so and is left
# as it is. The exit code is charrnn's.
set -eu
run=${1:?usage: begin-or-resume.sh RUN CORPUS [OPTION]...}
shift
if [ -e "$run/config.toml" ]; then
    exec charrnn train --resume --out "$run" # corpus and options are the run's
fi
exec charrnn train "$@" --out "$run"
