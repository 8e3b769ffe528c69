"""Learned time constants against biology: data, extraction, censored fits, distances, nulls, figures and a report."""
