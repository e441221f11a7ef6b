#!/usr/bin/env bash
# Every command of tour.md and tour.ja.md: trains their models under runs/tour, draws their pictures.
#
#     docs/tour.sh            about six minutes on two cores
#     docs/tour.sh plays FILE the figures on another text
set -euo pipefail
cd "$(dirname "$0")/.."
charrnn=${CHARRNN:-.venv/bin/charrnn}
runs=runs/tour
pictures=docs/tour
export CHARRNN_RUNS=$runs
mkdir -p "$pictures"

train() { # NAME TEXT CELL UNITS EPOCHS
    "$charrnn" train "$2" --cell "$3" --hidden "$4" --epochs "$5" --out "$runs/$1-$3" --overwrite
}

show() { # what a reader of the tour types
    echo "\$ charrnn $*"
    "$charrnn" "$@"
}

if [ "${1:-}" = plays ]; then
    for cell in rnn gru lstm; do train plays "$2" $cell 128 5; done
    show inspect gradients $runs/plays-{rnn,gru,lstm} --plot $pictures/plays.png
    show inspect memory $runs/plays-{rnn,gru,lstm}
    exit
fi

for cell in rnn gru lstm; do
    train harbour corpora/harbour.txt $cell 128 20
    train tenki corpora/tenki.txt $cell 128 40
done
train kakko corpora/kakko.txt rnn 304 40
train kakko corpora/kakko.txt gru 176 40
train kakko corpora/kakko.txt lstm 152 40

show inspect unroll $runs/harbour-lstm --text "The boat" --plot $pictures/unroll.png
show inspect unroll $runs/tenki-lstm --text "今日は雨だ" --plot $pictures/unroll.ja.png
for text in harbour tenki kakko; do
    models=($runs/$text-{rnn,gru,lstm})
    show inspect memory "${models[@]}" --plot $pictures/memory-$text.png
done
for text in harbour tenki; do
    show inspect gradients $runs/$text-{rnn,gru,lstm} --plot $pictures/gradients-$text.png
done
show inspect gradients $runs/kakko-{rnn,gru,lstm} --untrained --plot $pictures/untrained-kakko.png
.venv/bin/python corpora/kakko.py make --seed 1001 --characters 50000 > $runs/unseen.txt
for cell in rnn gru lstm; do
    echo "brackets: $cell"
    "$charrnn" inspect score $runs/unseen.txt $runs/kakko-$cell --json |
        .venv/bin/python corpora/kakko.py check --predictions -
done
show inspect neurons $runs/kakko-lstm --text "$(tail -n 4 corpora/kakko.txt)" --plot $pictures/neurons-kakko.png
show inspect neurons $runs/harbour-lstm --text "$(tail -n 6 corpora/harbour.txt)" --plot $pictures/neurons.png
show inspect neurons $runs/tenki-lstm --text "$(tail -n 3 corpora/tenki.txt)" --plot $pictures/neurons.ja.png
show inspect speed $runs/harbour-lstm --plot $pictures/speed.png
