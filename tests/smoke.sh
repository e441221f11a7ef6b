#!/bin/sh
# Tests a wheel as a user installs it: alone in a fresh environment, outside any checkout.
# Exits with 0 if everything worked; otherwise the last command shown is the one that failed.
#
#   tests/smoke.sh WHEEL [PYTHON]
set -eu

wheel=$(realpath "$1")
folder=$(mktemp -d)
trap '{ set +x; } 2> /dev/null; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

"${2:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "$wheel"
PATH=$folder/venv/bin:$PATH
unset PYTHONPATH
export CHARRNN_LANG=en
mkdir "$folder/work"
cd "$folder/work"

ends_with() { # CODE COMMAND...
    wanted=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" -eq "$wanted" ]
}

set -x
python --version
pip check
version=$(python -c 'from importlib import metadata; print(metadata.version("charrnn-numpy"))')
[ "$(python -c 'import charrnn; print(charrnn.__version__)')" = "$version" ]
[ "$(charrnn --version)" = "charrnn, version $version" ]
charrnn --help > help.txt
grep train help.txt

charrnn train tenki --steps 5 --hidden 16 2> note.txt # a text of the wheel
grep '^training on tenki, a text that comes with charrnn; no file here has this name$' note.txt
charrnn sample --prime 今日は --length 5

yes '今日は雨だ。傘を持って出た。
今日は風が強い。洗濯物に気をつけた。' | head -n 400 > diary.txt
charrnn train diary.txt --hidden 16 --batch 8 --seq 16 --steps 60 --workers 2
charrnn train --resume --out runs/diary --steps 90

charrnn sample --prime 今日は --length 40 --seed 1 > sample.txt
grep '^今日は' sample.txt
python -m charrnn sample --prime 今日は --length 40 --seed 1 > again.txt
cmp sample.txt again.txt

charrnn inspect summary --json > summary.json
python -c 'import json; assert json.load(open("summary.json"))["training"]["step"] == 90'
charrnn inspect report --html report.html
grep prefers-color-scheme report.html > style.txt # of page.css
grep addEventListener report.html > script.txt    # of page.js
charrnn inspect live --html live.html
grep 'cells.lstm = {' live.html > cell.txt # of render/live/cells

ends_with 2 charrnn train diary.txt --hiden 16
ends_with 3 charrnn sample nowhere.npz
ends_with 6 charrnn inspect loss --plot loss.png # the wheel alone brings no matplotlib
