// A short tour: each scene sets the page up, and says in two sentences what to look at. Its title,
// and the labels of its switch, are names of words.
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
    title: "loop",
    say: () => word("loopSaid", { button: word("step") }),
    inside: true,
    show: (page) => page.begin(page.prime || page.example().slice(0, 3).join("")),
    switch: {
      labels: ["step"],
      isOn: () => true,
      set: (page) => {
        document.querySelector(".card .hidden").scrollIntoView({ block: "nearest" });
        page.stepSlowly();
      },
    },
  },
  {
    possible: loops,
    title: "memory",
    say: (page, on) => word(on ? "memoryErased" : "memoryRestored"),
    show: (page) => page.read(page.example(), { erase: page.differing() }),
    switch: {
      labels: ["restoreState", "eraseAgain"],
      isOn: (page) => page.isErased(),
      set: (page, on) => page.erasePlace(page.differing(), on),
    },
  },
  {
    possible: loops,
    title: "forgetting",
    say: () => word("forgettingSaid"),
    show: (page) => page.read(page.example()),
  },
  {
    possible: (page) => loops(page) && page.pair,
    title: "dependency",
    say: ({ alteration }) => {
      if (!alteration) return word("dependencyPair");
      const [character, other] = alteration;
      return word("dependencyChanged", { character, other });
    },
    show: (page) => (page.alteration ? page.readAltered() : page.read(page.otherExample())),
  },
  {
    possible: gated,
    title: "gating",
    say: (page, on) => word(on ? "gatingHeld" : "gatingFree"),
    inside: true,
    show: (page) => page.read(page.example(), { forget: true }),
    switch: {
      labels: ["releaseGate", "holdAgain"],
      isOn: (page) => page.isHeld(),
      set: (page, on) => page.hold(on),
    },
  },
  {
    possible: loops,
    title: "waiting",
    say: () => word("waitingSaid"),
    inside: true,
    lanes: true,
    show: (page) => {
      page.begin(page.prime || page.example().slice(0, 3).join(""));
      page.play();
    },
  },
];
