"""From logits to tokens: the decoding loop, its laws and its results.

Modules, in the order a call passes through them:

* what is asked: ``generate`` and ``engine`` (the public ways in), ``call`` (with it both make outputs of
  requests), ``settings`` and ``law`` (what a row may set), ``request`` (what is allowed becomes a
  constraint), ``prompt`` (what is said to the model becomes token ids), ``healing``, ``canonical`` and
  ``free`` (matchers around and beside those of grammars);
* the loop: ``loop`` (rows wait, run and leave), ``step`` (one pass), ``row`` (the state of one output),
  ``forward`` (the model and its cache), ``masks`` (filled beside the pass), ``forced`` (drafts of forced
  text), ``sampling`` with ``penalties`` and ``truncation`` (logits and mask become a token), ``budget`` (it
  always finishes);
* what comes back: ``run`` (outputs and events), ``streaming``, ``partial``, ``pending``, ``alternatives`` and
  ``result``; ``score`` (the same figures for a given text);
* ``search``: other ways to an output than one draw after the other.

Nothing is imported here: torch is loaded only by the modules that compute with it.
"""
