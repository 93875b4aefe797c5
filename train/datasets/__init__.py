"""Notes to train with: made, read, numbered, held out."""
