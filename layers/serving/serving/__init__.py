"""Run time: what the Lambda imports on the way to a prediction; standard library only."""
