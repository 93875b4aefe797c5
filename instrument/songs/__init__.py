"""Without a clock: songs and performances rendered, and what is played recorded."""
