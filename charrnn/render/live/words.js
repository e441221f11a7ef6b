// The words of the page, in English and Japanese.

const words = {
  en: {
    scenes: "A short tour", write: "Write", prime: "Begin with", restart: "Start again", step: "One step",
    play: "Play", pause: "Pause", line: "Write a line", back: "Back", settings: "Speed, temperature, seed",
    speed: "Steps a second", temperature: "Temperature", topP: "Top-p", seed: "Seed", writer: "Written by",
    shade: "Color the text by", erase: "Erase the state here", whatIf: "What if this character were", toEnd: "To the end",
    shades: { none: "nothing", influence: "influence on what is expected", surprise: "surprise", unit: "a unit", changed: "what the change alters" },
    input: "input layer", inputNote: "the character that is read", hidden: "hidden layer", output: "output layer", outputNote: "what it expects next",
    before: "state before", after: "state after", steps: "Unrolled: the last steps, each with the same W and U",
    gates: "Gates", free: "free", always: (value) => `always ${value}`, unit: "Unit", previous: "Previous unit", next: "Next unit",
    found: "Units that follow something", layer: "layer", noUnit: "choose",
    empty: "(nothing yet)", textLabel: (name) => `Text read by ${name}. Arrow keys move through it.`,
    gridLabel: (name, what) => `${name}: ${what}, one square for each unit`,
    gateLabel: (name, gate) => `${name}: gate ${gate}`,
    drawn: (character, probability) => `Drawn: ${character}, of ${probability}.`,
    status: (count, character, expected) => `After ${count} characters${character ? ` (last: ${character})` : ""}, expected: ${expected}`,
    scaleInfluence: (target) => `How much each earlier character raises (orange) or lowers (blue) the log-probability of ${target}, in nats`,
    working: "computing …", scaleSurprise: "Darker: less expected, in nats",
    scaleUnit: (unit, low, high) => `Output of unit ${unit}, from ${low} (blue) to ${high} (orange)`,
    scaleChanged: "Darker: the changed text is expected to go on more differently there (KL in nats)",
    asItIs: "as it is", changed: "changed", end: "end",
    about: "The networks are in this page; nothing is loaded or sent. Orange is positive and blue negative. W multiplies the input, U the state before. Weights are rounded to 16 or 8 bits.",
    properties: {},
  },
  ja: {
    scenes: "見どころ", write: "書いてみる", prime: "書き出し", restart: "最初から", step: "1 ステップ",
    play: "再生", pause: "一時停止", line: "一行書く", back: "1 文字戻る", settings: "速さ・温度・シード",
    speed: "1 秒あたりのステップ数", temperature: "温度", topP: "top-p", seed: "シード", writer: "書くモデル",
    shade: "文章の色分け", erase: "ここで状態を消す", whatIf: "この文字が別の文字なら", toEnd: "末尾へ",
    shades: { none: "なし", influence: "予測への影響", surprise: "意外さ", unit: "ユニット", changed: "文字を変えた影響" },
    input: "入力層", inputNote: "読んだ文字", hidden: "隠れ層", output: "出力層", outputNote: "次の文字の予測",
    before: "前の状態", after: "新しい状態", steps: "時間方向に展開した図(直近のステップ。W と U はどのステップでも同じ)",
    gates: "ゲート", free: "固定しない", always: (value) => `常に ${value}`, unit: "ユニット", previous: "前のユニット", next: "次のユニット",
    found: "性質に合わせて動くユニット", layer: "層", noUnit: "選ぶ",
    empty: "(まだ何もありません)", textLabel: (name) => `${name} が読んだ文章。矢印キーで移動できます。`,
    gridLabel: (name, what) => `${name} の${what}。一つのマスが一つのユニット`,
    gateLabel: (name, gate) => `${name} の ${gate} ゲート`,
    drawn: (character, probability) => `${probability} の「${character}」が選ばれました。`,
    status: (count, character, expected) => `${count} 文字を読んだところ${character ? `(最後は「${character}」)` : ""}。次の予測: ${expected}`,
    scaleInfluence: (target) => `前の各文字が「${target}」の対数確率をどれだけ上げるか(オレンジ)、下げるか(青)。単位はナット`,
    working: "計算しています…", scaleSurprise: "濃いほど、予測されていなかった文字(ナット)",
    scaleUnit: (unit, low, high) => `ユニット ${unit} の出力。${low}(青)から ${high}(オレンジ)まで`,
    scaleChanged: "濃いほど、文字を変えると予測が大きく変わる場所(KL、ナット)",
    asItIs: "元のまま", changed: "変えたとき", end: "末尾",
    about: "ネットワークはこのページの中にあり、何も読み込まず、何も送信しません。オレンジは正、青は負の値です。W は入力に、U は前の状態に掛かる重みです。重みは 16 ビットか 8 ビットに丸めてあります。",
    properties: {
      "inside quotes": "かぎ括弧の中", "position in the line": "行の中の位置", "after a newline": "改行の直後",
      "depth of brackets": "括弧の深さ", "after a full stop": "句点の直後", "position in the sentence": "文の中の位置",
    },
  },
};

let language = (navigator.language ?? "en").startsWith("ja") ? "ja" : "en";
const word = (name, ...values) => {
  const found = words[language][name] ?? words.en[name];
  return typeof found === "function" ? found(...values) : found;
};

const WHITE_SPACE = { "\n": "↵", "\t": "⇥", " ": "␣", "\u3000": "□" };
// A character as it is shown: controls, and those that change the direction or join, by code point.
const INVISIBLE = /[\p{C}\p{Z}]/u;
const shown = (character) => {
  if (character in WHITE_SPACE) return WHITE_SPACE[character];
  if (character === undefined || character === null) return "";
  if (INVISIBLE.test(character)) return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return /\p{M}/u.test(character) ? `◌${character}` : character;
};
const percent = (logarithm) => `${(100 * Math.exp(logarithm)).toFixed(1)} %`;
