"""Text: decodes the bytes of files, encodes their characters as ids, and decodes ids again."""
