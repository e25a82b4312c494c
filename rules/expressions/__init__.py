"""The condition language: text to typed syntax, to meaning, to a sentence in Chinese or English."""
