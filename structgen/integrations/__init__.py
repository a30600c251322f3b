"""Bridges to other people's engines, one file each; every one of them is optional."""
