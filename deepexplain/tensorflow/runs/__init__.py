"""What one run is given (samples, targets, baselines, feeds, seeds), and how it becomes session calls.

Knows what is explained (`Model`) and on which rows (`Run`), but no method and no rule; imports `graph` alone.
"""
