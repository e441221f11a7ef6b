// A short tour: each scene sets the page up, and says in two sentences what to look at.
//
// `possible` tells whether the models can show it, `inside` whether it is about the states inside.
// A `switch` changes what the scene set up, back and forth, or goes on. `page` is the object of page.js.

const loops = ({ readings }) => readings.some(({ cell }) => cell.loops);
const gated = ({ readings }) => readings.some(({ cell }) => cell.clampable.length);

// The value of a gate with which a unit keeps nothing, by gate; of a gru and a mingru differently.
const FORGETTING = { lstm: { forget: 0 }, gru: { update: 0 }, mingru: { update: 1 } };

const scenes = [
  {
    possible: loops,
    title: { en: "It feeds back", ja: "自分の状態がまた入る" },
    say: () => ({
      en: "At each step the hidden layer receives the new character (through W) and its own previous state (through U). Press “One step” and watch the squares: the state after becomes the state before of the next step.",
      ja: "隠れ層には、読んだ文字が W を通って、前の状態が U を通って入ります。「1 ステップ」を押すと、新しい状態が、次のステップの「前の状態」になります。",
    }),
    inside: true,
    show: (page) => page.begin(page.prime || page.example().slice(0, 3).join("")),
    switch: {
      labels: { en: ["One step"], ja: ["1 ステップ"] },
      isOn: () => true,
      set: (page) => {
        document.querySelector(".card .hidden").scrollIntoView({ block: "nearest" });
        page.stepSlowly();
      },
    },
  },
  {
    possible: loops,
    title: { en: "It remembers", ja: "覚えている" },
    say: (page, on) => on ? {
      en: "At ⌫ the state was erased, so that the networks know nothing of what stands before it. Compare what they expect at the end with the state kept (blue) and erased (orange).",
      ja: "⌫ の場所で状態を消したので、それより前のことは何も残っていません。末尾の予測を、消さなかったとき(青)と消したとき(オレンジ)で比べてください。",
    } : {
      en: "The state is there again: this is what the networks expect when they have read all of the text. Where nothing changes, they had forgotten the beginning anyway.",
      ja: "状態が元に戻り、文章を全部読んだときの予測になりました。予測が変わらないネットワークは、始めのほうをもともと忘れています。",
    },
    show: (page) => page.read(page.example(), { erase: page.differing() }),
    switch: {
      labels: { en: ["Restore the state", "Erase it again"], ja: ["状態を元に戻す", "もう一度状態を消す"] },
      isOn: (page) => page.isErased(),
      set: (page, on) => page.erasePlace(page.differing(), on),
    },
  },
  {
    possible: loops,
    title: { en: "It forgets", ja: "忘れていく" },
    say: () => ({
      en: "Each earlier character is colored by how much it decides what is expected at the end. A network that forgets uses only the last ones; one that remembers also uses what stands far back.",
      ja: "末尾の予測を、前のどの文字がどれだけ決めているかを色の濃さで示しています。忘れてしまうネットワークでは直前の文字だけが効き、覚えているネットワークでは、ずっと前の文字も効きます。",
    }),
    show: (page) => page.read(page.example()),
  },
  {
    possible: (page) => loops(page) && page.pair,
    title: { en: "A long dependency", ja: "離れた言葉のつながり" },
    say: ({ alteration }) => alteration ? {
      en: `One character at the beginning, ${alteration[0]}, was changed to ${alteration[1]}. A network that remembers it expects something else at the end (orange), one that has forgotten it expects the same as before.`,
      ja: `始めのほうの一文字「${alteration[0]}」を「${alteration[1]}」に変えました。それを覚えているネットワークでは末尾の予測が変わり(オレンジ)、忘れたネットワークでは変わりません。`,
    } : {
      en: "Two texts that end alike and differ only at the beginning: press this button again for the other one. A network that remembers the beginning expects something else at the end, one that has forgotten it expects the same.",
      ja: "末尾が同じで、始めのほうだけが違う二つの文章です。このボタンをもう一度押すと、もう一方に替わります。始めを覚えているネットワークの予測は変わり、忘れたネットワークの予測は変わりません。",
    },
    show: (page) => (page.alteration ? page.readAltered() : page.read(page.otherExample())),
  },
  {
    possible: gated,
    title: { en: "Gates decide what stays", ja: "ゲートが決める" },
    say: (page, on) => on ? {
      en: "The gate that keeps the state (in an lstm the forget gate) is held so that nothing is kept from earlier steps: a network with gates now knows hardly more than the last character, and an rnn, which has none, does not change. Compare what it expects with the gate free (blue) and held (orange).",
      ja: "状態を保つゲート(LSTM では忘却ゲート)を固定して、何も残らないようにしました。ゲートのあるネットワークでも、最後の文字くらいしか手がかりがありません。固定しないとき(青)と固定したとき(オレンジ)の予測を比べてください。",
    } : {
      en: "The gate is free again, and decides for every unit and at every step what stays. Watch which characters are colored now.",
      ja: "ゲートの固定を外しました。ゲートは、ステップごと、ユニットごとに、何を残すかを決めています。今度はどの文字に色が付くでしょうか。",
    },
    inside: true,
    show: (page) => page.read(page.example(), { forget: true }),
    switch: {
      labels: { en: ["Release the gate", "Hold it again"], ja: ["固定を外す", "もう一度固定する"] },
      isOn: (page) => page.isHeld(),
      set: (page, on) => page.hold(on),
    },
  },
  {
    possible: loops,
    title: { en: "Step after step", ja: "順番を待つ" },
    say: () => ({
      en: "Each step needs the state of the step before, so one text grows by one character a step, however many processors there are. Other texts, read at the same time, could use the rest of the machine.",
      ja: "どのステップにも前のステップの状態が必要なので、プロセッサがいくつあっても、一つの文章は 1 ステップに 1 文字しか進めません。余った計算能力は、別の文章を同時に読むことになら使えます。",
    }),
    inside: true,
    lanes: true,
    show: (page) => {
      page.begin(page.prime || page.example().slice(0, 3).join(""));
      page.play();
    },
  },
];
