"""A weather diary in which every probability is known (天気 tenki, "weather").

Each line is a day: the weather, then 30 to 60 characters about other things, then a consequence
that fits this weather and no other. A model has to remember the weather to write it correctly.
Places, topics and dishes hint at the weather, so that remembering it already pays before the end.
With --hint 1 they do not: then only the consequence rewards memory, and its gradient has to come
all the way back.

The first command makes a diary, the second computes the lowest possible loss on it, in nats, and
the third checks whether the consequences in a model's sample fit.

    python corpora/tenki.py make --characters 1000000 --seed 1 > diary.txt
    python corpora/tenki.py score diary.txt --last 0.1
    python corpora/tenki.py check sample.txt

The grammar is finite and no two derivations give the same text, so the probability of a text is the
product of those of its choices. `score` follows all derivations that are still possible, character
by character, so each character's surprise is exact.
"""

import argparse
import bisect
import functools
import itertools
import json
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Choice:
    """A choice among productions with weights. A production is a sequence of texts and choices."""

    options: tuple[tuple[float, tuple["str | Choice", ...]], ...]


Production = tuple[str | Choice, ...]


def one_of(*productions: "str | Production") -> Choice:
    """A choice among productions of equal weight."""
    return Choice(tuple((1.0, (p,) if isinstance(p, str) else p) for p in productions))


WEATHER = {
    "風": (
        ("風が強い", "朝から風が強い", "北風が吹いている", "風の音がうるさい"),
        (
            "洗濯物が飛ばないように気をつけた",
            "帽子を手でおさえて歩いた",
            "洗濯物は部屋の中に干した",
            "庭の植木鉢を家に入れた",
        ),
    ),
    "雨": (
        ("雨が降っている", "朝から雨だ", "雨の音で目がさめた", "小雨が続いている"),
        (
            "傘を持って出かけた",
            "長靴をはいて出かけた",
            "ぬれた靴を玄関で乾かした",
            "傘を忘れた友だちを駅まで送った",
        ),
    ),
    "雪": (
        ("雪が積もった", "朝から雪だ", "窓の外が真っ白だ", "粉雪が舞っている"),
        (
            "玄関の前の雪かきをした",
            "屋根の雪を下ろした",
            "子どもたちと雪だるまを作った",
            "すべらないようにゆっくり歩いた",
        ),
    ),
    "晴": (
        ("よく晴れている", "朝から青空だ", "雲ひとつない", "日ざしがやわらかい"),
        (
            "布団を外に干した",
            "庭の花に水をやった",
            "洗った毛布がすぐに乾いた",
            "川まで散歩に行った",
        ),
    ),
    "暑": (
        ("とても暑い", "朝から蒸し暑い", "じっとしていても汗が出る", "アスファルトが焼けている"),
        (
            "冷たい麦茶を三杯も飲んだ",
            "木のかげで昼寝をした",
            "夜は窓を開けて寝た",
            "かき氷を買って帰った",
        ),
    ),
    "寒": (
        ("とても寒い", "朝から冷えこんでいる", "池に氷が張った", "吐く息が白い"),
        (
            "こたつから出られなかった",
            "湯たんぽを用意した",
            "厚い手ぶくろを買った",
            "ストーブに灯油を入れた",
        ),
    ),
    "霧": (
        ("霧が深い", "朝から霧が出ている", "向かいの家も見えない", "町が霧に包まれている"),
        (
            "車は明かりをつけて走っていた",
            "船は港で待っていた",
            "山の姿は一日中見えなかった",
            "自転車を押して帰った",
        ),
    ),
    "雷": (
        ("雷が鳴っている", "朝から空が光っている", "遠くで雷の音がする", "黒い雲から稲妻が走った"),
        (
            "テレビのコンセントを抜いた",
            "犬が押し入れから出てこなかった",
            "停電にそなえてろうそくを出した",
            "高い木から離れて歩いた",
        ),
    ),
}

# Words that are likelier with one weather, but occur with every other too.
WHERE = {
    "風": "公園", "雨": "図書館", "雪": "駅前の本屋", "晴": "神社の石段",
    "暑": "プール", "寒": "銭湯", "霧": "喫茶店", "雷": "郵便局",
}  # fmt: skip
TOPIC = {
    "風": "旅行", "雨": "新しい橋", "雪": "スキー", "晴": "野球",
    "暑": "祭り", "寒": "猫", "霧": "船", "雷": "古い時計",
}  # fmt: skip
DISH = {
    "風": "焼き魚", "雨": "うどん", "雪": "カレー", "晴": "おにぎり",
    "暑": "そうめん", "寒": "おでん", "霧": "天ぷら", "雷": "卵焼き",
}  # fmt: skip

WHEN = one_of("午前中に", "昼すぎに", "夕方に")
WHOM = one_of("隣の人", "昔の同級生", "大工さん", "姉", "先生", "魚屋の主人")
MEAL = one_of("昼ごはんは", "夕ごはんは")
THEN = one_of("手紙を書いた。", "本を読んだ。", "友だちに電話をかけた。", "部屋をかたづけた。")
LATER = Choice(((7.0, ()), (3.0, ("そのあと", THEN))))

HINT = 8.0


def build_grammar(hint: float) -> Choice:
    """The grammar of a day. Words of its weather are ``hint`` times as likely as other words."""

    def choose_word(words: dict[str, str], weather: str) -> Choice:
        return Choice(tuple((hint if w == weather else 1.0, (word,)) for w, word in words.items()))

    days: list[Production] = []
    for weather, (openings, consequences) in WEATHER.items():
        filler: Production = (
            WHEN, choose_word(WHERE, weather), "で", WHOM, "に会い、",
            choose_word(TOPIC, weather), "の話をした。",
            MEAL, choose_word(DISH, weather), "だった。", LATER,
        )  # fmt: skip
        end = (one_of("だから", "それで"), one_of(*consequences), "。\n")
        days.append(("今日は", one_of(*openings), "。", *filler, *end))
    return one_of(*days)


DAY = build_grammar(HINT)

# The rest of a production, still to be written: a linked list of texts and choices.
Remainder = tuple["str | Choice", "Remainder"] | None


def generate(characters: int, seed: int, day: Choice = DAY) -> str:
    """Generate days, together at least ``characters`` long; the same for the same ``seed``."""
    rng = random.Random(seed)
    days: list[str] = []
    length = 0
    while length < characters:
        days.append("".join(_expand((day,), rng)))
        length += len(days[-1])
    return "".join(days)


def surprises(text: str, day: Choice = DAY) -> Iterator[float]:
    """The exact surprise in nats of each character of ``text``, which begins with a day.

    It is infinite from the first character on that the grammar does not allow.
    """
    start: Remainder = (day, None)
    belief = {start: 1.0}
    for character in text:
        joint: dict[Remainder, float] = {}
        for remainder, probability in belief.items():
            for weight, rest in _next(remainder).get(character, ()):
                # When a day is complete, the next one begins.
                after = rest or start
                joint[after] = joint.get(after, 0.0) + probability * weight
        total = sum(joint.values())
        yield -math.log(total) if total else math.inf
        belief = {rest: probability / total for rest, probability in joint.items()}


def measure_floor(text: str, last: float, day: Choice = DAY) -> tuple[int, float]:
    """The size and mean surprise of the ``last`` share of ``text``, without its first character."""
    begin = len(text) - round(last * len(text)) + 1
    nats = [nat for at, nat in enumerate(surprises(text, day)) if at >= begin]
    return len(nats), math.fsum(nats) / len(nats)


def count_days(text: str) -> dict[str, int]:
    """Count the days of ``text``, those that are grammatical, and those whose consequence fits."""
    counts = {"days": 0, "grammatical": 0, "consequence fits": 0, "does not fit": 0}
    for day in text.splitlines():
        at_start = {
            w
            for w, (openings, _) in WEATHER.items()
            if day.startswith(_opening_sentences(openings))
        }
        at_end = {
            w for w, (_, ends) in WEATHER.items() if day.endswith(tuple(e + "。" for e in ends))
        }
        counts["days"] += 1
        counts["grammatical"] += all(map(math.isfinite, surprises(day + "\n")))
        counts["consequence fits"] += bool(at_start & at_end)
        counts["does not fit"] += bool(at_start and at_end and not at_start & at_end)
    return counts


def _opening_sentences(openings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"今日は{opening}。" for opening in openings)


def _expand(production: Production, rng: random.Random) -> Iterator[str]:
    for part in production:
        if isinstance(part, str):
            yield part
        else:
            weights = list(itertools.accumulate(weight for weight, _ in part.options))
            _, option = part.options[bisect.bisect(weights, rng.random() * weights[-1])]
            yield from _expand(option, rng)


@functools.cache
def _next(remainder: Remainder) -> dict[str, list[tuple[float, Remainder]]]:
    """The remainders after each possible next character, with their probabilities."""
    assert remainder is not None, "every production ends in a character"
    part, rest = remainder
    if isinstance(part, str):
        return {part[0]: [(1.0, (part[1:], rest) if part[1:] else rest)]}
    ways: dict[str, list[tuple[float, Remainder]]] = {}
    total = sum(weight for weight, _ in part.options)
    for weight, option in part.options:
        after = rest
        for item in reversed(option):
            after = (item, after)
        for character, nexts in _next(after).items():
            ways.setdefault(character, []).extend((weight / total * p, n) for p, n in nexts)
    return ways


def main() -> None:
    """Generate, score or check a diary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write a diary to stdout")
    make.add_argument("--characters", type=int, default=120_000)
    make.add_argument("--seed", type=int, default=1)
    for name, what in (("score", "the exact loss of a diary"), ("check", "check a model's sample")):
        command = commands.add_parser(name, help=what)
        command.add_argument("file", help="a text file, or - for stdin")
        if name == "score":
            command.add_argument("--last", type=float, default=0.1, help="share that is counted")
    for command in (make, commands.choices["score"]):
        command.add_argument(
            "--hint",
            type=float,
            default=HINT,
            help="how much likelier words are with their weather; 1: nothing hints at it",
        )
    options = parser.parse_args()
    day = build_grammar(getattr(options, "hint", HINT))
    if options.command == "make":
        sys.stdout.buffer.write(generate(options.characters, options.seed, day).encode())
        return
    data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    text = data.decode()
    if options.command == "score":
        characters, nats = measure_floor(text, options.last, day)
        print(json.dumps({"characters": characters, "nats": nats}))
    else:
        print(json.dumps(count_days(text), ensure_ascii=False))


if __name__ == "__main__":
    main()
