"""The closed language of equations: what the text of a model may hold, checked before anything reads it."""
