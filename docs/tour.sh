#!/usr/bin/env bash
# Runs every command of tour.md and tour.ja.md, in their order, and copies the pictures to docs/tour.
#
# The commands are taken from the pages: each line of theirs that begins with a dollar sign. Models and
# pictures are written to runs/tour, and models that are there are trained again.
#
#     docs/tour.sh             both pages
#     docs/tour.sh PAGE        one page
#     docs/tour.sh seed N      both pages with other initial weights, in runs/tour-N; copies no picture
#     docs/tour.sh plays FILE  the figures on another text
set -euo pipefail
cd "$(dirname "$0")/.."
export CHARRNN_TRAIN_OVERWRITE=1

list_commands() { # of pages
    sed -n 's/^\$ //p' "$@"
}

run_commands() { # from standard input, each once
    local command
    while IFS= read -r command <&3; do
        echo "\$ $command"
        eval "$command"
    done 3< <(awk '!seen[$0]++')
}

case ${1:-} in
plays)
    for cell in rnn gru lstm; do
        charrnn train "$2" --cell $cell --hidden 128 --epochs 5 --out runs/tour/plays-$cell
    done
    charrnn inspect gradients runs/tour/plays-{rnn,gru,lstm} --plot runs/tour/plays.png
    charrnn inspect memory runs/tour/plays-{rnn,gru,lstm}
    ;;
seed)
    export CHARRNN_TRAIN_SEED=$2
    mkdir -p "runs/tour-$2"
    list_commands docs/tour.md docs/tour.ja.md | sed "s#runs/tour/#runs/tour-$2/#g" | run_commands
    exit
    ;;
"") list_commands docs/tour.md docs/tour.ja.md | run_commands ;;
*) list_commands "$1" | run_commands ;;
esac
mkdir -p docs/tour
cp runs/tour/*.png runs/tour/live.html docs/tour
# Pictures of the page, where there is a chromium.
for picture in "live 3-en 1200,1640 1" "live.ja 3-ja 1200,1640 1" "live-small 3-en 1000,1010 0.7" \
    "live-small.ja 3-ja 1000,1010 0.7"; do
    read -r name scene size scale <<< "$picture"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=20000 \
        --window-size="$size" --force-device-scale-factor="$scale" --screenshot="docs/tour/$name.png" \
        "file://$PWD/docs/tour/live.html#$scene" || break
done
