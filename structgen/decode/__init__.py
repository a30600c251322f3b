"""From logits to tokens: the decoding loop, its laws and its results.

Modules, in the order a call passes through them: ``request`` (what is asked for becomes a
constraint), ``prompt`` (what is said to the model becomes token ids), ``generate`` (the public
function), ``loop`` (one batched loop), ``row`` (the state of one output), ``forward`` (the model
and its cache), ``sampling`` (logits and mask become a token), ``budget`` (it always finishes),
``streaming`` and ``result`` (what comes back).

Nothing is imported here: torch is loaded only by the modules that compute with it.
"""
