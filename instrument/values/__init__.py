"""What crosses threads and pipes, as frozen values: events, parameters, statuses, tunings, maps."""
