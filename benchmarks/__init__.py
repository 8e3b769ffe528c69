"""What was measured, and how to measure it again. Nothing here is run by the tests' timers."""
