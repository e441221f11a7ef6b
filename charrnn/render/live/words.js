// The words of the page, in the language that is chosen. Python has put them into the page, those
// of a language by its tag: a text for each name, with places for values, such as {count}.

const words = JSON.parse(document.getElementById("words").textContent);

// The page begins in the language in which it was made; one in English, in the reader's.
const chooseLanguage = () => {
  const made = document.documentElement.lang;
  if (made !== "en") return made;
  const suits = (wanted, tag) => wanted === tag || wanted.startsWith(`${tag}-`);
  const found = navigator.languages.map((wanted) =>
    Object.keys(words).find((tag) => suits(wanted, tag)));
  return found.find(Boolean) ?? made;
};
let language = chooseLanguage();

const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const word = (name, values = {}) => fillIn(words[language][name], values);

const gateName = (name) =>
  `${name}Gate` in words[language] ? word(`${name}Gate`) : word("otherGate", { name });

const listed = (parts) => parts.reduce((first, next) => word("list", { first, next }));

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
