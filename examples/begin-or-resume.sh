#!/bin/sh
# begin-or-resume.sh RUN CORPUS [OPTION]...: a training that can be started again at any time.
#
# It begins in the folder RUN, or resumes the run that stopped there. A finished run is not changed,
# and charrnn says that it has finished. The exit code is charrnn's.
set -eu
run=${1:?usage: begin-or-resume.sh RUN CORPUS [OPTION]...}
shift
if [ -e "$run/config.toml" ]; then
    exec charrnn train --resume --out "$run" # with the corpus and options of the run
fi
exec charrnn train "$@" --out "$run"
