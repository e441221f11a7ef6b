#!/usr/bin/env bash
# Runs every command of tour.md, in English, and those of tour.ja.md that train nothing, in Japanese.
#
# The commands are taken from the pages: each line of theirs that begins with a dollar sign. Models and
# pictures are written to runs/tour, and models that are there are trained again. The pictures are copied
# to docs/tour, those in Japanese as NAME.ja.png.
#
#     docs/tour.sh             both pages
#     docs/tour.sh seed N      the commands with other initial weights, in runs/tour-N; copies no picture
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

copy_pictures() { # with the end of their names
    local picture
    for picture in runs/tour/*.png; do
        cp "$picture" "docs/tour/$(basename "$picture" .png)$1"
    done
}

case ${1:-} in
plays)
    for cell in rnn gru lstm; do
        charrnn train "$2" --cell $cell --hidden 128 --epochs 5 --out runs/tour/plays-$cell
    done
    charrnn inspect gradients runs/tour/plays-{rnn,gru,lstm} --plot runs/tour/plays.png
    charrnn inspect memory runs/tour/plays-{rnn,gru,lstm}
    exit
    ;;
seed)
    export CHARRNN_TRAIN_SEED=$2
    mkdir -p "runs/tour-$2"
    list_commands docs/tour.md | sed "s#runs/tour/#runs/tour-$2/#g" | run_commands
    exit
    ;;
esac
mkdir -p docs/tour
export CHARRNN_LANG=en
list_commands docs/tour.md | run_commands
copy_pictures .png
cp runs/tour/live.html docs/tour
export CHARRNN_LANG=ja
list_commands docs/tour.ja.md | grep -v '^charrnn train' | run_commands
copy_pictures .ja.png
# Pictures of the page, where there is a chromium.
for picture in "live 3-en 1200,1640 1" "live.ja 3-ja 1200,1640 1" "live-small 3-en 1000,1010 0.7" \
    "live-small.ja 3-ja 1000,1010 0.7"; do
    read -r name scene size scale <<< "$picture"
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=20000 \
        --window-size="$size" --force-device-scale-factor="$scale" --screenshot="docs/tour/$name.png" \
        "file://$PWD/docs/tour/live.html#$scene" || break
done
