"""Packages of this domain."""
