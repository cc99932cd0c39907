"""Subbit in Python."""
