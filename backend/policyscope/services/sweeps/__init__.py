"""Sweeps: many SAEs of one tap on one data set, judged together in the closed loop."""
