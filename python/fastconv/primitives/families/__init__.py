"""Families of primitives: shape rules and gradient rules that several stems share."""
