from setuptools import setup

# Everything is declared in pyproject.toml; this file serves tools that still look for it.
setup()
