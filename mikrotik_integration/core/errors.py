"""The root of what core raises. Whoever calls core need catch nothing else."""


class CoreError(Exception):
	"""Anything that core says went wrong. `str(error)` is fit to be shown."""


class InvalidValue(CoreError, ValueError):
	"""A text, number or name that is not what it should be; the words say what it should be."""
