"""What runs in real time: events and notes in, blocks out."""
