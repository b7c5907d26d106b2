"""Interventions and what they do: doses, dose-response, causal scan, calibration, evidence bundles."""
