"""What a player has set, and what the engine and the notes hear of it."""
