"""Autoencoder losses."""
