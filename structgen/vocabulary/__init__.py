"""Tokenizers in, exact token bytes out.

One adapter per tokenizer family, one class for all of them.  Knows nothing
about grammars or models, and imports no tokenizer library until it is given
one of that library's tokenizers.
"""

from structgen.vocabulary.vocabulary import Vocabulary

__all__ = ["Vocabulary"]
