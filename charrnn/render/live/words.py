"""The words of the page: its messages by the names that the scripts have for them.

A message has placeholders for values, which words.js fills in. It fits all numbers, because a page
has only one form of it; numbers that a language treats differently have messages of their own.
"""

from charrnn.language import gettext, gettext_noop, list_languages
from charrnn.reports.text_properties import PROPERTIES

WORDS = {
    # Translators: the name of the language of this catalogue, in that language, such as 日本語
    "thisLanguage": gettext_noop("English"),
    "languages": gettext_noop("Language"),
    "needsScripts": gettext_noop("This page needs JavaScript."),
    "intro": gettext_noop(
        "Choose a scene, or write: every number on this page is computed by the networks inside it."
    ),
    "about": gettext_noop(
        "The networks are in this page; nothing is loaded or sent. Orange is positive and blue"
        " negative. W multiplies the input, U the state before. Weights are rounded to 16 or 8"
        " bits."
    ),
    # Translators: joins the parts of a list, two at a time
    "list": gettext_noop("{first}, {next}"),
    # Writing
    "write": gettext_noop("Write"),
    "prime": gettext_noop("Begin with"),
    "restart": gettext_noop("Start again"),
    "step": gettext_noop("One step"),
    "play": gettext_noop("Play"),
    "pause": gettext_noop("Pause"),
    "line": gettext_noop("Write a line"),
    "back": gettext_noop("Back"),
    "settings": gettext_noop("Speed, temperature, seed"),
    "speed": gettext_noop("Steps a second"),
    "temperature": gettext_noop("Temperature"),
    "topP": gettext_noop("Top-p"),
    "seed": gettext_noop("Seed"),
    "writer": gettext_noop("Written by"),
    "shade": gettext_noop("Color the text by"),
    "shadeNothing": gettext_noop("nothing"),
    "shadeInfluence": gettext_noop("influence on what is expected"),
    "shadeSurprise": gettext_noop("surprise"),
    "shadeUnit": gettext_noop("one unit's output"),
    "shadeChange": gettext_noop("what the change alters"),
    "erase": gettext_noop("Erase the state here"),
    "whatIf": gettext_noop("What if this character were"),
    "choose": gettext_noop("First choose a character in a text."),
    "toEnd": gettext_noop("To the end"),
    "drawn": gettext_noop("Drawn: {character} (probability {probability})."),
    "expectedFirst": gettext_noop("Before the first character, expected: {expected}"),
    "expectedSecond": gettext_noop("After 1 character (last: {last}), expected: {expected}"),
    "expected": gettext_noop("After {count} characters (last: {last}), expected: {expected}"),
    "chosen": gettext_noop("Chosen: {character}."),
    "unread": gettext_noop(
        "Not known to a model, and passed over or read as unknown: {characters}."
    ),
    # The text as a model reads it
    "textLabel": gettext_noop("Text read by {model}. Arrow keys move through it."),
    "working": gettext_noop("computing …"),
    "scaleInfluence": gettext_noop(
        "Orange: makes {target} more likely here; blue and underlined: less likely (the stronger"
        " the color, the larger the effect)"
    ),
    "scaleSurprise": gettext_noop("Stronger color: less expected (nats)"),
    "scaleUnit": gettext_noop("Output of unit {unit}, from {low} (blue) to {high} (orange)"),
    "scaleChange": gettext_noop(
        "Stronger color: the change alters the prediction more here (KL in nats)"
    ),
    # The network
    "inside": gettext_noop("Inside the network"),
    "inputLayer": gettext_noop("input layer"),
    "inputNote": gettext_noop("the character read last"),
    "onlyHiddenLayer": gettext_noop("hidden layer: {units}"),
    "hiddenLayer": gettext_noop("hidden layer {layer}: {units}"),
    "outputLayer": gettext_noop("output layer"),
    "outputNote": gettext_noop("what it expects next"),
    "before": gettext_noop("state before"),
    "after": gettext_noop("state after"),
    "onlyBeforeLabel": gettext_noop("{model}: state before, one square for each unit"),
    "onlyAfterLabel": gettext_noop("{model}: state after, one square for each unit"),
    "beforeLabel": gettext_noop("{model}: layer {layer}, state before, one square for each unit"),
    "afterLabel": gettext_noop("{model}: layer {layer}, state after, one square for each unit"),
    "asItIs": gettext_noop("as it is"),
    "changed": gettext_noop("changed"),
    "free": gettext_noop("free"),
    "held": gettext_noop("held"),
    "kept": gettext_noop("kept"),
    "erased": gettext_noop("erased"),
    "steps": gettext_noop("Unrolled: the last steps, each with the same W and U"),
    "stepsLabel": gettext_noop("{model}, unrolled: the last steps, each with the same W and U"),
    "waits": gettext_noop("must wait"),
    "gates": gettext_noop("Gates"),
    "gateLabel": gettext_noop("{model}: {gate}"),
    "inputGate": gettext_noop("input gate"),
    "forgetGate": gettext_noop("forget gate"),
    "outputGate": gettext_noop("output gate"),
    "resetGate": gettext_noop("reset gate"),
    "updateGate": gettext_noop("update gate"),
    "otherGate": gettext_noop("{name} gate"),
    "always": gettext_noop("always {value}"),
    "cellState": gettext_noop("cell state c"),
    "cellStateLabel": gettext_noop("{model}: cell state c, one square for each unit"),
    "previous": gettext_noop("Previous unit"),
    "next": gettext_noop("Next unit"),
    "found": gettext_noop("Units that react to"),
    "noUnit": gettext_noop("choose"),
    "follower": gettext_noop("{unit}: {property} (r {r})"),
    # The short tour
    "scenes": gettext_noop("A short tour"),
    "loop": gettext_noop("It feeds back"),
    "loopSaid": gettext_noop(
        "At each step the hidden layer receives the new character (through W) and its own previous"
        " state (through U). Press “{button}” and watch the squares: the state after becomes the"
        " state before of the next step."
    ),
    "memory": gettext_noop("It remembers"),
    "memoryErased": gettext_noop(
        "At ⌫ the state was erased, so that the networks know nothing of what stands before it."
        " Compare what they expect at the end with the state kept (blue) and erased (orange)."
    ),
    "memoryRestored": gettext_noop(
        "The state is there again: this is what the networks expect when they have read all of the"
        " text. Where nothing changes, they had forgotten the beginning anyway."
    ),
    "restoreState": gettext_noop("Restore the state"),
    "eraseAgain": gettext_noop("Erase it again"),
    "forgetting": gettext_noop("It forgets"),
    "forgettingSaid": gettext_noop(
        "Each earlier character is colored by how much it decides what is expected at the end. A"
        " network that forgets uses only the last ones; one that remembers also uses what stands"
        " far back."
    ),
    "dependency": gettext_noop("A long dependency"),
    "dependencyChanged": gettext_noop(
        "One character at the beginning, {character}, was changed to {other}. A network that"
        " remembers it expects something else at the end (orange), one that has forgotten it"
        " expects the same as before."
    ),
    "dependencyPair": gettext_noop(
        "Two texts that end alike and differ only at the beginning: press this button again for"
        " the other one. A network that remembers the beginning expects something else at the end,"
        " one that has forgotten it expects the same."
    ),
    "gating": gettext_noop("Gates decide what stays"),
    "gatingHeld": gettext_noop(
        "The gate that keeps the state (in an lstm the forget gate) is held so that nothing is kept"
        " from earlier steps: a network with gates now knows hardly more than the last character,"
        " and an rnn, which has none, does not change. Compare what it expects with the gate free"
        " (blue) and held (orange)."
    ),
    "gatingFree": gettext_noop(
        "The gate is free again, and decides for every unit and at every step what stays. Watch"
        " which characters are colored now."
    ),
    "releaseGate": gettext_noop("Release the gate"),
    "holdAgain": gettext_noop("Hold it again"),
    "waiting": gettext_noop("Step after step"),
    "waitingSaid": gettext_noop(
        "Each step needs the state of the step before, so one text grows by one character a step,"
        " however many processors there are. Other texts, read at the same time, could use the"
        " rest of the machine."
    ),
    "oneLane": gettext_noop(
        "One text on {processors} processors, of which {idle} are idle. Steps: {steps}."
        " Characters: {characters}."
    ),
    "manyLanes": gettext_noop(
        "{texts} texts on {texts} processors. Steps: {steps}. Characters: {characters}."
    ),
}


def translate_words() -> dict[str, dict[str, str]]:
    """Return the words in every language, by its tag and their names; those of properties too."""
    messages = WORDS | {name: name for name in PROPERTIES}
    return {
        make_tag(language): {name: gettext(message, language) for name, message in messages.items()}
        for language in list_languages()
    }


def make_tag(language: str) -> str:
    """Return the tag of a language in HTML, such as pt-BR for the catalogue pt_BR."""
    return language.replace("_", "-")
