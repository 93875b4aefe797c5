"""Training: data sets, losses, the loop, evaluation."""
