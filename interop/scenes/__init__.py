"""Scenes that are played in the lab."""
