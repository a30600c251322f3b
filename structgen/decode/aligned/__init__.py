"""Samplers that follow the model: the law of the model *given* the grammar, not of masking by it.

One algorithm a file, all with the protocol of `sampler`.  `target` is what they sample, `trie` what
they learn, `attempts` how they share passes through the model, `state` how knowledge outlives a call.
"""

from structgen.decode.aligned.asap import Asap
from structgen.decode.aligned.awrs import Awrs
from structgen.decode.aligned.cars import Cars
from structgen.decode.aligned.exact import Exact
from structgen.decode.aligned.mcmc import Mcmc
from structgen.decode.aligned.reject import Reject
from structgen.decode.aligned.sampler import Sampler
from structgen.decode.aligned.smc import Smc
from structgen.decode.aligned.state import AlignedState

__all__ = ["AlignedState", "Asap", "Awrs", "Cars", "Exact", "Mcmc", "Reject", "Sampler", "Smc"]
