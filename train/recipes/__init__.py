"""What a run does at each step: networks, losses, schedules, by recipe."""
