"""Generated training data for the pocket model: words → values → domains → wording → tasks → corpus.

Everything is drawn from seeded random numbers and the word lists in this folder;
nothing is downloaded.  This package knows nothing about tokenizers or models.
"""
