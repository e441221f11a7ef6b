"""The command line: verbs over the library. click and tqdm live only here."""
