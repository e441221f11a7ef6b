// The words of the page, in English and Japanese.

const words = {
  en: {
    scenes: "A short tour", write: "Write", prime: "Begin with", restart: "Start again", step: "One step",
    play: "Play", pause: "Pause", line: "Write a line", back: "Back", settings: "Speed, temperature, seed",
    speed: "Steps a second", temperature: "Temperature", topP: "Top-p", seed: "Seed", writer: "Written by",
    shade: "Color the text by", erase: "Erase the state here", whatIf: "What if this character were", toEnd: "To the end",
    shades: { none: "nothing", influence: "influence on what is expected", surprise: "surprise", unit: "one unit's output", changed: "what the change alters" },
    intro: "Choose a scene, or write: every number on this page is computed by the networks inside it.",
    choose: "First choose a character in a text.", inside: "Inside the network", waits: "must wait",
    unread: (characters) => `Not known to a model, and passed over or read as unknown: ${characters}.`,
    input: "input layer", inputNote: "the character read last", hidden: "hidden layer", output: "output layer", outputNote: "what it expects next",
    before: "state before", after: "state after", steps: "Unrolled: the last steps, each with the same W and U",
    gates: "Gates", free: "free", always: (value) => `always ${value}`, unit: "Unit", previous: "Previous unit", next: "Next unit",
    found: "Units that react to", noUnit: "choose",
    textLabel: (name) => `Text read by ${name}. Arrow keys move through it.`,
    gridLabel: (name, what) => `${name}: ${what}, one square for each unit`,
    gateLabel: (name, gate) => `${name}: ${gate}`,
    drawn: (character, probability) => `Drawn: ${character} (probability ${probability}).`,
    selected: (character) => `Chosen: ${character}.`,
    oneLane: (processors, steps) => `One text on ${processors} processors: ${steps} steps, ${steps} characters; ${processors - 1} are idle.`,
    manyLanes: (texts, steps) => `${texts} texts on ${texts} processors: ${steps} steps, ${texts * steps} characters.`,
    status: (count, character, expected) => `After ${count} character${count === 1 ? "" : "s"}${character ? ` (last: ${character})` : ""}, expected: ${expected}`,
    scaleInfluence: (target) => `Orange: makes ${target} more likely here; blue and underlined: less likely (the stronger the color, the larger the effect)`,
    working: "computing …", scaleSurprise: "Stronger color: less expected (nats)",
    scaleUnit: (unit, low, high) => `Output of unit ${unit}, from ${low} (blue) to ${high} (orange)`,
    scaleChanged: "Stronger color: the change alters the prediction more here (KL in nats)",
    compared: { changed: ["as it is", "changed"], held: ["free", "held"], erased: ["kept", "erased"] },
    about: "The networks are in this page; nothing is loaded or sent. Orange is positive and blue negative. W multiplies the input, U the state before. Weights are rounded to 16 or 8 bits.",
    properties: {}, gateNames: {},
  },
  ja: {
    scenes: "見どころ", write: "書いてみる", prime: "書き出し", restart: "最初から", step: "1 ステップ",
    play: "再生", pause: "一時停止", line: "一行書く", back: "1 文字戻る", settings: "速さ・温度・シード",
    speed: "1 秒あたりのステップ数", temperature: "温度", topP: "top-p", seed: "シード", writer: "書くモデル",
    shade: "文章の色分け", erase: "ここで状態を消す", whatIf: "この文字を変えてみる", toEnd: "末尾へ",
    shades: { none: "なし", influence: "予測への影響", surprise: "意外さ", unit: "一つのユニットの出力", changed: "変えたことの影響" },
    intro: "見どころを選ぶか、自由に書いてみてください。このページの数値はすべて、中に入っているネットワークが計算しています。",
    choose: "先に、文章の中の文字を選んでください。", inside: "ネットワークの中", waits: "待っている",
    unread: (characters) => `知らない文字なので、読み飛ばすか、未知の文字として読みました: ${characters}`,
    input: "入力層", inputNote: "最後に読んだ文字", hidden: "隠れ層", output: "出力層", outputNote: "次の文字の予測",
    before: "前の状態", after: "新しい状態", steps: "時間方向に展開した図(直近のステップ。W と U はどのステップでも同じ)",
    gates: "ゲート", free: "固定しない", always: (value) => `常に ${value}`, unit: "ユニット", previous: "前のユニット", next: "次のユニット",
    found: "特定の性質に反応するユニット", noUnit: "選ぶ",
    textLabel: (name) => `${name} が読んだ文章。矢印キーで移動できます。`,
    gridLabel: (name, what) => `${name} の${what}。一つのマスが一つのユニット`,
    gateLabel: (name, gate) => `${name} の${gate}`,
    drawn: (character, probability) => `「${character}」(確率 ${probability})が選ばれました。`,
    selected: (character) => `選んだ文字: 「${character}」。`,
    oneLane: (processors, steps) => `プロセッサ ${processors} 個で一つの文章: ${steps} ステップで ${steps} 文字。${processors - 1} 個は空いたまま`,
    manyLanes: (texts, steps) => `プロセッサ ${texts} 個で ${texts} の文章: ${steps} ステップで ${texts * steps} 文字`,
    status: (count, character, expected) => `${count} 文字を読んだところ${character ? `(最後は「${character}」)` : ""}。次の予測: ${expected}`,
    scaleInfluence: (target) => `オレンジは「${target}」が出やすくなる文字、青と下線は出にくくなる文字(色が強いほど影響が大きい)`,
    working: "計算しています…", scaleSurprise: "色が強いほど、予測されていなかった文字(ナット)",
    scaleUnit: (unit, low, high) => `ユニット ${unit} の出力。${low}(青)から ${high}(オレンジ)まで`,
    scaleChanged: "色が強いほど、変えたことで予測が大きく変わる場所(KL、ナット)",
    compared: { changed: ["元のまま", "変えたとき"], held: ["固定しない", "固定"], erased: ["消さない", "消したとき"] },
    about: "ネットワークはこのページの中にあり、何も読み込まず、何も送信しません。オレンジは正、青は負の値です。W は入力に、U は前の状態に掛かる重みです。重みは 16 ビットか 8 ビットに丸めてあります。",
    properties: {
      "inside quotes": "かぎ括弧の中", "position in the line": "行の中の位置", "depth of brackets": "括弧の深さ",
      "after a full stop": "句点の直後", "hiragana": "ひらがな", "katakana": "カタカナ", "kanji": "漢字", "Latin letter": "ラテン文字",
    },
    gateNames: { input: "入力ゲート", forget: "忘却ゲート", output: "出力ゲート", reset: "リセットゲート", update: "更新ゲート", c: "セル状態 c" },
  },
};

let language = (navigator.language ?? "en").startsWith("ja") ? "ja" : "en";
const word = (name, ...values) => {
  const found = words[language][name] ?? words.en[name];
  return typeof found === "function" ? found(...values) : found;
};

const gateName = (gate) => words[language].gateNames[gate] ?? (gate === "c" ? "cell state c" : `${gate} gate`);

const fillInWords = (parts) => {
  for (const part of parts) part.textContent = word(part.dataset.word);
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
