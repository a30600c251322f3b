"""Searches under a constraint: which output rather than which draw.

One algorithm a file, each a function of a model, a prompt and a constraint that returns finished
`Generation`s, best first; what they share stands in ``state`` (a batch of partial outputs that can be
forked, scored and dropped).  Their ``law`` is the algorithm's name: these are searches, not samples of
a law.

``beam`` and ``diverse_beam`` keep the most probable prefixes; ``best_of_n`` draws and picks;
``first_finish`` draws until the first few are done; ``adadec`` looks ahead where the model is
uncertain; ``cntp`` tries several ways there and takes the one of least perplexity.

Nothing is imported here: torch is loaded by the modules that compute with it.
"""
